using System.Diagnostics;
using System.Text.RegularExpressions;
using Fleet.Core.Storage.Rows;
using Fleet.Core.Telemetry;
using Fleet.Tests.House;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Samples;

/// <summary>The clients in <c>samples/clients</c>, each run as a person would, against a real broker and a worker.</summary>
public sealed partial class ClientsTests(RabbitMqServer server) : IAsyncLifetime
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private static readonly string Clients = Path.Combine(Repository.Root, "samples", "clients");

    private readonly List<ActivityTraceId?> _traces = [];
    private readonly ActivityListener _listener = new()
    {
        ShouldListenTo = source => source.Name == FleetMetrics.Name,
        Sample = (ref _) => ActivitySamplingResult.AllData,
    };

    private Script _script = null!;
    private VirtualHost _broker = null!;
    private EmbeddedFleet _fleet = null!;

    public async ValueTask InitializeAsync()
    {
        ActivitySource.AddActivityListener(_listener);
        _script = Script.Of(_ => _traces.Add(Activity.Current?.TraceId));
        _broker = await server.CreateHostAsync();
        _fleet = await ScriptedFleet.StartAsync(
            _script, settings: ["Transport:Provider=RabbitMq", $"Transport:Uri={_broker.Uri}", "Worker:Lanes:default=4"]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_fleet is not null)
            await _fleet.DisposeAsync();
        if (_broker is not null)
            await _broker.DisposeAsync();
        _listener.Dispose();
    }

    [Fact]
    public async Task Python_Pika_SubmitsARunInItsTrace()
    {
        // Debian's python, which sees Debian's packages.
        string[] python = ["/usr/bin/python3"];
        var hasPika = File.Exists(python[0]) && (await Programs.RunAsync([.. python, "-c", "import pika"], Clients)).ExitCode == 0;
        Assert.SkipWhen(!hasPika, "pika is not installed (Debian: apt-get install python3-pika).");

        await AssertSubmitsAsync([.. python, "python/submit_run.py"], knowsLanes: true);
    }

    [Fact]
    public async Task Node_Amqplib_SubmitsARunInItsTrace()
    {
        var npm = Programs.Find("npm");
        Assert.SkipWhen(
            npm is null || Programs.Find("node") is null, "node and npm are not installed (Debian: apt-get install nodejs npm).");
        using var folder = new TempFolder();
        foreach (var file in Directory.GetFiles(Path.Combine(Clients, "node")))
            File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)));
        var installed = await Programs.RunAsync([npm!, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder.Path);
        Assert.True(installed.ExitCode == 0, installed.Error);

        await AssertSubmitsAsync(["node", Path.Combine(folder.Path, "submit-run.mjs")], knowsLanes: true);
    }

    [Fact]
    public async Task Shell_AmqpPublish_SubmitsARunInItsTrace()
    {
        Assert.SkipWhen(Programs.Find("amqp-publish") is null, "amqp-publish is not installed (Debian: apt-get install amqp-tools).");

        await AssertSubmitsAsync(["sh", "shell/submit-run.sh"], knowsLanes: false);
    }

    [Fact]
    public async Task Http_Curl_SubmitsARunInItsTrace()
    {
        Assert.SkipWhen(Programs.Find("curl") is null, "curl is not installed (Debian: apt-get install curl).");

        await AssertSubmitsAsync(["sh", "shell/submit-run-http.sh"], knowsLanes: true);
    }

    [Fact]
    public async Task ManagementPage_PayloadOfTheReadme_BecomesARunInItsTrace()
    {
        var readme = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "README.md"));
        var payload = Pasted().Match(readme).Groups["payload"].Value.Trim();
        Assert.StartsWith("{\"job\":", payload, StringComparison.Ordinal);

        // The request that the page's form "Publish message" sends, member by member.
        var headers = new { traceparent = $"00-{Trace}-b7ad6b7169203331-01" };
        var answer = await server.SendAsync(HttpMethod.Post, $"api/exchanges/{_broker.Name}/fleet.lanes/publish", new
        {
            vhost = _broker.Name,
            name = "fleet.lanes",
            properties = new { delivery_mode = 2, headers },
            routing_key = "default",
            delivery_mode = "2",
            payload,
            payload_encoding = "string",
            headers,
            props = new { },
        });

        Assert.True(answer!["routed"]!.GetValue<bool>());
        Run? run = null;
        await Waiting.UntilAsync(async () =>
        {
            await using var db = _fleet.Storage.Read();
            run = await db.Runs.AsNoTracking().SingleOrDefaultAsync(r => r.Job == "diag.echo");
            return run?.State == RunState.Succeeded;
        });
        Assert.Equal("""{"hello":"world"}""", run!.Output);
        Assert.Contains(Trace, run.TraceParent, StringComparison.Ordinal);
    }

    /// <summary>Runs a client, and follows what it submitted to the end.</summary>
    private async Task AssertSubmitsAsync(string[] client, bool knowsLanes)
    {
        var environment = new Dictionary<string, string>
        {
            ["AMQP_URL"] = _broker.Uri,
            ["MANAGEMENT_URL"] = $"http://guest:guest@{server.ManagementUri.Authority}",
            ["VHOST"] = _broker.Name,
            ["TRACEPARENT"] = $"00-{Trace}-b7ad6b7169203331-01",
        };

        var submitted = await Programs.RunAsync([.. client, "default", "test.scripted", """{"word":"a \"b\" c"}"""], Clients, environment);
        Assert.True(submitted.ExitCode == 0, submitted.Error + submitted.Output);

        var call = await _script.NextAsync();
        var run = await _fleet.WaitAsync(call.Context.RunId);
        Assert.Equal(("a \"b\" c", RunState.Succeeded), (call.Word, run.State));
        Assert.Equal(Trace, Assert.Single(_traces)?.ToString());
        Assert.Contains(Trace, (await _fleet.FindAsync(call.Context.RunId))!.TraceParent, StringComparison.Ordinal);

        var lost = await Programs.RunAsync([.. client, "nowhere", "test.scripted"], Clients, environment);
        if (knowsLanes)
            Assert.Equal(
                (1, "No lane 'nowhere': no worker has listened to it, and no run was enqueued for it."),
                (lost.ExitCode, lost.Error.Trim()));
    }

    [GeneratedRegex(
        @"\*Publish message\*, routing key `default`, payload\s+```json\n(?<payload>.*?)```",
        RegexOptions.ExplicitCapture | RegexOptions.Singleline, 1000)]
    private static partial Regex Pasted();
}
