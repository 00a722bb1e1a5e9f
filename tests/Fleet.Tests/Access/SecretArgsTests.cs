using System.Text.Json;
using Fleet.Hosting;
using Fleet.Tests.Api;
using Fleet.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fleet.Tests.Access;

/// <summary>Secrets in args, by the API and in what a handler leaves.</summary>
public sealed class SecretArgsTests(SecretArgsTests.VaultFleet vault) : IClassFixture<SecretArgsTests.VaultFleet>
{
    private const string Secret = "hunter2-é\"x";
    private const string Json = """hunter2-é\"x""";

    [Fact]
    public async Task Run_ThatFailed_ShowsNoSecretInArgsErrorStackAndLog()
    {
        var id = await vault.EnqueueAsync("fail");
        await vault.Fleet.WaitAsync(id);
        await Waiting.UntilAsync(async () => (await vault.SendAsync("GET", $"/api/v1/runs/{id}/logs")).Items.Count == 1);

        foreach (var path in new[] { $"runs/{id}", $"runs/{id}/args", $"runs/{id}/error", $"runs/{id}/log", $"dead-letters/{id}" })
        {
            var text = (await vault.SendAsync("GET", "/api/v1/" + path)).Text;
            Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);
            Assert.DoesNotContain("key-secret", text, StringComparison.Ordinal);
            Assert.Contains("plain-note", text, StringComparison.Ordinal);
            Assert.Contains("***", text, StringComparison.Ordinal);
        }

        var args = (await vault.SendAsync("GET", $"/api/v1/runs/{id}")).Json.GetProperty("args");
        Assert.Equal(
            """{"word":"fail","password":"***","accounts":[{"user":"ann","key":"***"}],"note":"plain-note"}""", args.GetRawText());
        Assert.Equal(args.GetRawText(), (await vault.SendAsync("GET", $"/api/v1/runs/{id}/args")).Text);
    }

    [Fact]
    public async Task Run_ThatSucceeded_HasItsSecretsAndKeepsNoneInOutputProgressAndLog()
    {
        var id = await vault.EnqueueAsync("ok");
        var run = await vault.Fleet.WaitAsync(id);
        await Waiting.UntilAsync(async () => (await vault.SendAsync("GET", $"/api/v1/runs/{id}"))["progressMessage"] is { Length: > 0 });

        Assert.Equal("""{"told":"it was ***","hidden":"***","note":"plain-note"}""", run.OutputJson);
        Assert.Equal("signed in with ***, plain-note", (await vault.SendAsync("GET", $"/api/v1/runs/{id}"))["progressMessage"]);
        // The process that has the database gets what it stored.
        Assert.Equal(Secret, JsonElement.Parse((await vault.Fleet.Client.GetAsync(id))!.ArgsJson).GetProperty("password").GetString());
    }

    [Fact]
    public async Task LogOfTheProcess_HandlerThatLogsItsArgs_HasNoSecret()
    {
        await vault.Fleet.WaitAsync(await vault.EnqueueAsync("log"));

        var line = Assert.Single(vault.Console.Lines, l => l.Contains("mine is", StringComparison.Ordinal));
        Assert.Contains("mine is ***, plain-note", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enqueue_WithWhatIsShownInThePlaceOfASecret_IsRefused()
    {
        foreach (var job in new[] { "test.vault", "test.safe" })
        {
            var answer = await vault.SendAsync(
                "POST", "/api/v1/runs", $$$"""{"job":"{{{job}}}","args":{"word":"a","password":"***"}}""");
            Assert.Equal((400, "unknown_secret"), (answer.Status, answer["code"]));
            Assert.Contains("args.password", answer.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Schedule_EditedUnseen_KeepsItsSecretAndTheAuditTellsOnlyThatItChanged()
    {
        const string path = "/api/v1/schedules/vault";
        var created = await vault.SendAsync("PUT", path, Schedule($"\"{Json}\"", "one"));
        Assert.Equal(201, created.Status);
        Assert.DoesNotContain("hunter2", created.Text, StringComparison.Ordinal);

        var unchanged = await vault.SendAsync("PUT", path, Schedule("\"***\"", "one"));
        Assert.Equal((200, created.ETag), (unchanged.Status, unchanged.ETag));
        var dry = await vault.SendAsync("PUT", path + "?dryRun=true", Schedule("\"***\"", "two"), ifMatch: created.ETag);
        Assert.Equal((200, "two"), (dry.Status, dry.Json.GetProperty("args").GetProperty("note").GetString()));
        Assert.Equal(412, (await vault.SendAsync("PUT", path, Schedule("\"***\"", "two"), ifMatch: "\"another\"")).Status);
        var edited = await vault.SendAsync("PUT", path, Schedule("\"***\"", "two"), ifMatch: created.ETag);
        Assert.Equal((200, "***"), (edited.Status, edited.Json.GetProperty("args").GetProperty("password").GetString()));
        Assert.Equal((Secret, "two"), await vault.StoredAsync("vault"));
        var changed = await vault.SendAsync("PUT", path, Schedule("\"hunter2-another\"", "two"), ifMatch: edited.ETag);
        Assert.Equal(("hunter2-another", "two"), await vault.StoredAsync("vault"));
        Assert.NotEqual(edited.ETag, changed.ETag);

        var audit = (await vault.SendAsync("GET", "/api/v1/audit?target=vault")).Text;
        Assert.DoesNotContain("hunter2", audit, StringComparison.Ordinal);
        Assert.Single(audit.Split("\"secretArgs\":\"changed\"")[1..]);
        Assert.Equal(202, (await vault.SendAsync("POST", path + "/trigger")).Status);
    }

    [Theory]
    [InlineData("vault.new", "test.vault", "args.password")]
    [InlineData("vault.other", "test.vault", "args.password")]
    public async Task Schedule_NothingToBeKept_IsRefused(string id, string job, string field)
    {
        if (id == "vault.other")
        {
            // What another job has under the name is not its secret.
            await vault.SendAsync("PUT", $"/api/v1/schedules/{id}", """{"job":"diag.echo","args":{"password":"p"},"every":"1d"}""");
        }

        var refused = await vault.SendAsync("PUT", $"/api/v1/schedules/{id}", Schedule("\"***\"", "one", job), ifMatch: "*");

        Assert.Equal((400, "unknown_secret"), (refused.Status, refused["code"]));
        Assert.Contains(field, refused.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/v1/runs?q=args.password%3Dhunter2")]
    [InlineData("/api/v1/runs/count?q=args.password%3Dhunter2")]
    [InlineData("/api/v1/dead-letters?q=args.password%3Dhunter2")]
    public async Task Search_BySecret_IsRefused(string path)
    {
        var answer = await vault.SendAsync("GET", path);

        Assert.Equal((400, "secret_argument"), (answer.Status, answer["code"]));
        Assert.DoesNotContain("hunter2", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Operation_OverASearchBySecret_IsRefused()
    {
        var answer = await vault.SendAsync(
            "POST", "/api/v1/operations/preview", """{"kind":"delete","query":"args.password=hunter2"}""");

        Assert.Equal((400, "secret_argument"), (answer.Status, answer["code"]));
        Assert.Contains("query: 'args.password' is secret", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task View_OfASearchBySecret_IsRefused()
    {
        var answer = await vault.SendAsync("PUT", "/api/v1/views/by-secret", """{"query":"args.password=hunter2"}""");

        Assert.Equal((400, "secret_argument"), (answer.Status, answer["code"]));
        Assert.Equal(404, (await vault.SendAsync("GET", "/api/v1/views/by-secret")).Status);
    }

    private static string Schedule(string password, string note, string job = "test.vault") =>
        $$"""{"job":"{{job}}","args":{"word":"ok","password":{{password}},"note":"{{note}}"},"every":"1d"}""";

    /// <summary>A fleet with the job, whose console is that of the services.</summary>
    public sealed class VaultFleet : IAsyncLifetime
    {
        public EmbeddedFleet Fleet { get; private set; } = null!;

        internal FormattedLog Console { get; } = new();

        public async ValueTask InitializeAsync() => Fleet = await EmbeddedFleet.StartAsync(services => services
            .AddSingleton<ILoggerProvider>(Console).AddFleetJobs(jobs => jobs.Add<VaultJob>()));

        public ValueTask DisposeAsync() => Fleet.DisposeAsync();

        public async Task<RunId> EnqueueAsync(string word)
        {
            var answer = await SendAsync(
                "POST", "/api/v1/runs",
                $$$"""
                {"job":"test.vault","args":{"word":"{{{word}}}","password":"{{{Json}}}","accounts":[{"user":"ann","key":"key-secret"}],
                 "note":"plain-note"}}
                """);
            Assert.Equal(202, answer.Status);
            return answer.Id;
        }

        public async Task<(string? Password, string? Note)> StoredAsync(string schedule)
        {
            var args = JsonElement.Parse((await Fleet.Schedules.GetAsync(schedule))!.Definition.Args);
            return (args.GetProperty("password").GetString(), args.GetProperty("note").GetString());
        }

        public async Task<Answer> SendAsync(string method, string path, string? body = null, string? ifMatch = null)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Fleet.Http.BaseAddress + path.TrimStart('/')));
            if (body is not null)
                request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
            if (ifMatch is not null)
                request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
            using var response = await Fleet.Http.SendAsync(request);
            return await Answer.ReadAsync(response);
        }
    }

    /// <summary>Every line as the console of the services writes it.</summary>
    internal sealed class FormattedLog : ILoggerProvider
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();
        private readonly LineFormatter _formatter = new(TimeProvider.System);

        public IReadOnlyCollection<string> Lines => _lines;

        public ILogger CreateLogger(string categoryName) => new Log(this, categoryName);

        public void Dispose()
        {
        }

        private sealed class Log(FormattedLog all, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            void ILogger.Log<TState>(
                LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                using var writer = new StringWriter();
                all._formatter.Write(new LogEntry<TState>(logLevel, category, eventId, state, exception, formatter), null, writer);
                all._lines.Enqueue(writer.ToString());
            }
        }
    }
}
