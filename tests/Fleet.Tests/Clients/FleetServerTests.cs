using System.Net;
using System.Reflection;
using System.Net.Sockets;
using System.Text;
using Fleet.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Fleet.Tests.Clients;

/// <summary>How the HTTP client meets servers that are away, slow, busy or foreign. The server is a script.</summary>
public sealed class FleetServerTests
{
    private const string Accepted = """{"id":"0198f3a0-0000-7000-8000-000000000001"}""";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EnqueueAsync_AnswerIsLost_RepeatsTheRequestWithTheSameKey()
    {
        await using var program = new ScriptedServer(
            () => throw new HttpRequestException(HttpRequestError.ResponseEnded, "The response ended prematurely."),
            () => Answer(HttpStatusCode.ServiceUnavailable, """{"code":"outcome_unknown","detail":"It is not known."}"""),
            () => Answer(HttpStatusCode.Accepted, Accepted));

        var id = await program.Client.EnqueueAsync(new ClientWord("x"), ct: Ct);

        Assert.Equal("0198f3a0-0000-7000-8000-000000000001", id.ToString());
        Assert.Equal(3, program.Bodies.Count);
        Assert.Single(program.Bodies.Distinct());
        Assert.Contains("\"idempotencyKey\":\"client-", program.Bodies[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task EnqueueAsync_OfTwoCalls_HaveTwoKeys()
    {
        await using var program = new ScriptedServer(
            () => Answer(HttpStatusCode.Accepted, Accepted), () => Answer(HttpStatusCode.Accepted, Accepted));

        await program.Client.EnqueueAsync(new ClientWord("x"), ct: Ct);
        await program.Client.EnqueueAsync(new ClientWord("x"), ct: Ct);

        Assert.Equal(2, program.Bodies.Distinct().Count());
    }

    [Fact]
    public async Task TriggerAsync_AnswerIsLost_IsNotRepeated()
    {
        await using var program = new ScriptedServer(
            () => throw new HttpRequestException(HttpRequestError.ResponseEnded, "The response ended prematurely."));

        var e = await Assert.ThrowsAsync<FleetServerException>(() => program.Schedules.TriggerAsync("nightly", Ct));

        Assert.EndsWith(" It is not known whether it made the change.", e.Message, StringComparison.Ordinal);
        Assert.Single(program.Bodies);
    }

    [Fact]
    public async Task EnqueueAsync_ServerIsBusy_WaitsAsLongAsItSays_AndThenThrowsFleetBusy()
    {
        await using var program = new ScriptedServer([.. Enumerable.Repeat(() => Busy(7), 4)]);

        var e = await Assert.ThrowsAsync<FleetBusyException>(() => program.Client.EnqueueAsync(new ClientWord("x"), ct: Ct));

        Assert.Equal((TimeSpan.FromSeconds(7), "Too many runs wait."), (e.RetryAfter, e.Message));
        Assert.Equal([7, 7, 7], program.Pauses);
        Assert.Single(program.Bodies.Distinct());
    }

    /// <summary>What a limit refuses was not begun: also what may not be repeated otherwise.</summary>
    [Fact]
    public async Task TriggerAsync_ServerIsBusy_IsRepeated()
    {
        await using var program = new ScriptedServer(() => Busy(9), () => Answer(HttpStatusCode.Accepted, Accepted));

        await program.Schedules.TriggerAsync("nightly", Ct);

        Assert.Equal([9], program.Pauses);
    }

    [Fact]
    public async Task EnqueueAsync_ServerIsBusyForLong_ThrowsAtOnce()
    {
        await using var program = new ScriptedServer(() => Busy(31));

        var e = await Assert.ThrowsAsync<FleetBusyException>(() => program.Client.EnqueueAsync(new ClientWord("x"), ct: Ct));

        Assert.Equal(TimeSpan.FromSeconds(31), e.RetryAfter);
        Assert.Empty(program.Pauses);
    }

    [Fact]
    public async Task GetAsync_NobodyAnswers_NamesTheAddressWithoutThePassword()
    {
        var services = new ServiceCollection();
        services.AddFleetClient(o => (o.Server, o.Retries) = (new Uri($"http://user:secret@127.0.0.1:{ClosedPort()}/fleet/?q=secret"), 0));
        await using var program = services.BuildServiceProvider();

        var e = await Assert.ThrowsAsync<FleetServerException>(
            () => program.GetRequiredService<IFleetClient>().GetAsync(RunId.New(DateTimeOffset.UnixEpoch), Ct));

        Assert.StartsWith("No Fleet server answers at http://127.0.0.1:", e.Message, StringComparison.Ordinal);
        Assert.Contains("/fleet: ", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", e.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("user", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpStatusCode.OK, "<html>", "does not speak the API")]
    [InlineData(HttpStatusCode.NotFound, "<html>", "does not speak the API")]
    [InlineData(HttpStatusCode.OK, """{"id":"no id","state":"pending"}""", "does not speak the API")]
    [InlineData(HttpStatusCode.BadGateway, "<html>", "answered 502 BadGateway.")]
    [InlineData(HttpStatusCode.InternalServerError, """{"code":"internal_error","detail":"Broken."}""", "answered 500: Broken.")]
    public async Task GetAsync_AnswerOfSomethingElse_SaysSo(HttpStatusCode status, string body, string message)
    {
        await using var program = new ScriptedServer(() => Answer(status, body));

        var e = await Assert.ThrowsAsync<FleetServerException>(() => program.Client.GetAsync(RunId.New(DateTimeOffset.UnixEpoch), Ct));

        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Contains("http://fleet.example", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EnqueueAsync_Transaction_IsNotSupported()
    {
        await using var program = new ScriptedServer();
        await using var connection = new Microsoft.Data.Sqlite.SqliteConnection("Data Source=:memory:");
        await connection.OpenAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);

        await Assert.ThrowsAsync<NotSupportedException>(
            () => program.Client.EnqueueAsync(new ClientWord("x"), new EnqueueOptions { Transaction = transaction }, Ct));
    }

    [Fact]
    public async Task Requests_CarryCredentialsAndUser()
    {
        await using var program = new ScriptedServer(() => Answer(HttpStatusCode.Accepted, Accepted));

        await program.Client.EnqueueAsync(new ClientWord("x"), ct: Ct);

        Assert.Equal("http://fleet.example/base/api/v1/runs", program.Requests[0].RequestUri!.AbsoluteUri);
        Assert.Equal("Basic dTpwQHNz", program.Requests[0].Headers.Authorization!.ToString());
        Assert.Equal("orders", program.Requests[0].Headers.GetValues("X-Fleet-User").Single());
        Assert.Equal(Assembly.GetEntryAssembly()!.GetName().Name, program.Requests[0].Headers.GetValues("X-Fleet-Program").Single());
    }

    [Theory]
    [InlineData("Server", null, "Fleet:Client:Server is missing; ")]
    [InlineData("Server", "ftp://u:p@host", "Fleet:Client:Server: 'ftp://host' is not allowed; ")]
    [InlineData("Server", "fleet", "Fleet:Client:Server: 'a relative address' is not allowed; ")]
    [InlineData("Timeout", "00:00:00.5", "Fleet:Client:Timeout: '00:00:00.5000000' is not allowed; ")]
    [InlineData("Retries", "11", "Fleet:Client:Retries: '11' is not allowed; ")]
    [InlineData("User", "ä", "Fleet:Client:User is not allowed; ")]
    [InlineData("Timeout", "60", "Fleet:Client:Timeout: '60' is not allowed; allowed is a duration: 15s, 5m,")]
    [InlineData("Timeout", "", "Fleet:Client:Timeout: '' is not allowed; allowed is a duration: 15s, 5m,")]
    [InlineData("Retries", "x", "Fleet:Client:Retries: 'x' is not allowed; allowed is a whole number.")]
    [InlineData("Servr", "http://b", "Fleet:Client:Servr is not a known setting; did you mean 'Server'?")]
    [InlineData("Colour", "red", "Fleet:Client:Colour is not a known setting; allowed are Retries, Server, Timeout, User.")]
    public void Options_NotAllowed_NameTheSetting(string setting, string? value, string message)
    {
        var settings = new Dictionary<string, string?> { ["Fleet:Client:Server"] = "http://fleet", [$"Fleet:Client:{setting}"] = value };
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build()).AddFleetClient();
        using var program = services.BuildServiceProvider();

        var e = Assert.ThrowsAny<OptionsValidationException>(() => program.GetRequiredService<IOptions<FleetClientOptions>>().Value);

        Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
        // What the runtime prints when a program does not catch it.
        Assert.StartsWith("Fleet.Client cannot be used: " + message, e.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_InCode_WinOverTheConfiguration()
    {
        var settings = new Dictionary<string, string?> { ["Fleet:Client:Server"] = "http://a", ["fleet:client:timeout"] = "9s" };
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build())
            .AddFleetClient(o => o.Server = new Uri("http://b"));
        using var program = services.BuildServiceProvider();

        var options = program.GetRequiredService<IOptions<FleetClientOptions>>().Value;

        Assert.Equal(("http://b/", TimeSpan.FromSeconds(9)), (options.Server!.AbsoluteUri, options.Timeout));
    }

    private static HttpResponseMessage Answer(HttpStatusCode status, string body) =>
        new(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    private static HttpResponseMessage Busy(int seconds)
    {
        var answer = Answer(HttpStatusCode.TooManyRequests, """{"code":"too_many_requests","detail":"Too many runs wait."}""");
        answer.Headers.RetryAfter = new(TimeSpan.FromSeconds(seconds));
        return answer;
    }

    private static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>A program with the client, whose server answers as the script says, request by request.</summary>
    private sealed class ScriptedServer : HttpMessageHandler, IAsyncDisposable
    {
        private readonly Queue<Func<HttpResponseMessage>> _script;
        private readonly ServiceProvider _program;

        public ScriptedServer(params Func<HttpResponseMessage>[] script)
        {
            _script = new(script);
            var services = new ServiceCollection();
            services.AddSingleton<TimeProvider>(new NoPauses(Pauses));
            services.AddFleetClient(o => (o.Server, o.User) = (new Uri("http://u:p%40ss@fleet.example/base"), "orders"))
                .ConfigurePrimaryHttpMessageHandler(() => this);
            _program = services.BuildServiceProvider();
        }

        public IFleetClient Client => _program.GetRequiredService<IFleetClient>();

        public IScheduleClient Schedules => _program.GetRequiredService<IScheduleClient>();

        public List<string> Bodies { get; } = [];

        /// <summary>In seconds.</summary>
        public List<double> Pauses { get; } = [];

        public List<HttpRequestMessage> Requests { get; } = [];

        public ValueTask DisposeAsync() => _program.DisposeAsync();

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests.Add(request);
            Bodies.Add(request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken));
            return _script.Dequeue()();
        }
    }

    /// <summary>Lets pauses end at once, and limits never.</summary>
    private sealed class NoPauses(List<double> pauses) : TimeProvider
    {
        private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime < LongestPause)
                pauses.Add(dueTime.TotalSeconds);
            return System.CreateTimer(callback, state, dueTime < LongestPause ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, period);
        }
    }
}
