using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Fleet.Tests.EndToEnd;
using Fleet.Tests.Support;

namespace Fleet.Tests.Deploy;

/// <summary>What a user gets: packages from a feed, and programs outside the repository that are built from nothing else.</summary>
public sealed class PackagesTests(PackageFeed feed, PostgresServer postgres, RabbitMqServer rabbit) : IClassFixture<PackageFeed>
{
    private static readonly string[] Public =
    [
        "Fleet.Client", "Fleet.Contracts", "Fleet.EntityFrameworkCore", "Fleet.Hosting", "Fleet.MassTransit", "Fleet.Postgres",
        "Fleet.RabbitMq", "Fleet.SqlServer", "Fleet.Templates", "Fleet.Testing", "fleet",
    ];

    private static readonly string[] Parts =
    [
        "Fleet.Api", "Fleet.Core", "Fleet.Dashboard", "Fleet.Engine", "Fleet.Storage.Sql", "Fleet.Storage.Sqlite",
        "Fleet.Transport.InMemory",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void Pack_MakesThePackagesOfTheListAndNoOthers()
    {
        var packages = Directory.GetFiles(feed.Feed, "*.nupkg")
            .Select(f => Path.GetFileName(f).Replace($".{feed.Version}.nupkg", "", StringComparison.Ordinal));

        Assert.Equal(Public.Concat(Parts).Order(StringComparer.Ordinal), packages.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Packages_HaveDescriptionReadmeIconDocumentationAndSymbols()
    {
        foreach (var package in Public.Concat(Parts))
        {
            var metadata = XDocument.Parse(feed.Read(package, package + ".nuspec")).Root!.Elements().First();
            string? Value(string name) => metadata.Elements().FirstOrDefault(e => e.Name.LocalName == name)?.Value;

            Assert.False(Value("description") is null or "Package Description", $"{package} has no description.");
            Assert.Equal(("README.md", "icon.png", "MIT"), (Value("readme"), Value("icon"), Value("license")));
            Assert.StartsWith("# ", feed.Read(package, "README.md"), StringComparison.Ordinal);
            Assert.Equal("git", metadata.Elements().Single(e => e.Name.LocalName == "repository").Attribute("type")!.Value);
            if (package is "Fleet.Templates" or "fleet")
                continue;
            var library = feed.Entries(package).Single(e => e.EndsWith(".dll", StringComparison.Ordinal));
            Assert.Contains(Path.ChangeExtension(library, ".xml"), feed.Entries(package));
            Assert.Contains(Path.ChangeExtension(library, ".pdb"), feed.Entries(package, "snupkg"));
        }
    }

    [Theory]
    [InlineData("Fleet.Contracts", "Microsoft.Extensions.*.Abstractions")]
    [InlineData("Fleet.Client", "Fleet.Contracts Microsoft.Extensions.*")]
    [InlineData("Fleet.EntityFrameworkCore", "Fleet.Contracts Microsoft.EntityFrameworkCore.Relational Microsoft.Extensions.*")]
    public void Packages_OfLibraries_BringNoServer(string package, string allowed)
    {
        var nuspec = XDocument.Parse(feed.Read(package, package + ".nuspec"));
        var dependencies = nuspec.Descendants().Where(e => e.Name.LocalName == "dependency").Select(e => e.Attribute("id")!.Value);

        Assert.DoesNotContain(nuspec.Descendants(), e => e.Name.LocalName == "frameworkReference");
        Assert.All(dependencies, id => Assert.Contains(
            allowed.Split(' '), pattern => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, id)));
    }

    [Fact]
    public async Task WebTemplate_WithNothingButHosting_RunsItsScheduleAndShowsIt()
    {
        await using var app = Start("Web", out var http);

        await Until.TrueAsync(
            async () => await CountAsync(http, "fleet/api/v1/runs?schedule=hello&state=succeeded") > 0, why: () => app.Output);

        var files = Directory.GetFiles(feed.Output("Web"), "*.dll", SearchOption.AllDirectories).Select(Path.GetFileName);
        Assert.DoesNotContain(files, f => new[] { "SqlClient", "Npgsql", "RabbitMQ", "Azure", "Microsoft.Identity" }
            .Any(word => f!.Contains(word, StringComparison.OrdinalIgnoreCase)));
    }

    /// <summary>The program catches nothing: this is what the host and the runtime print.</summary>
    [Theory]
    [InlineData("Fleet__Worker__Drain", "60", "Fleet:Worker:Drain: '60' is not allowed; allowed is a duration: 15s, 5m,")]
    [InlineData("Fleet__Storage__MigrateAtStart", "false", "The database has no tables of Fleet yet. Run 'fleet db migrate'.")]
    public async Task WebTemplate_StartRefused_EndsWithAFewLines(string variable, string value, string said)
    {
        using var empty = new TempFolder();

        var (exitCode, output, error) = await Programs.RunAsync(
            ["dotnet", feed.Assembly("Web")], empty.Path, new Dictionary<string, string> { [variable] = value }, Waiting.Limit);

        Assert.NotEqual(0, exitCode);
        Assert.StartsWith("Unhandled exception. Fleet did not start: " + said, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output + error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OwnEfModelInFleetsDatabase_CommitsAndRollsBackWithIt()
    {
        var database = await postgres.CreateEmptyDatabaseAsync();

        var (exitCode, output, error) = await FleetProcess.RunAssemblyAsync(
            feed.Assembly("Shop"), new Dictionary<string, string>(), database);

        Assert.True(exitCode == 0, output + error);
        Assert.Contains("committed: Succeeded, rows 1, notes 1", output, StringComparison.Ordinal);
        Assert.Contains("rolled back: no run, rows 0", output, StringComparison.Ordinal);
        Assert.Contains("fails: Failed, notes 0", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClientServerAndWorker_OnPostgresAndRabbitMq_WorkTogether()
    {
        var database = await postgres.CreateEmptyDatabaseAsync();
        await using var broker = await rabbit.CreateHostAsync();
        var settings = new Dictionary<string, string>
        {
            ["Fleet__Storage__Provider"] = "Postgres",
            ["Fleet__Storage__ConnectionString"] = database,
            ["Fleet__Transport__Provider"] = "RabbitMq",
            ["Fleet__Transport__Uri"] = broker.Uri,
        };
        await using var server = Start("Server", out var serverHttp, settings);
        await Until.TrueAsync(async () => await CountAsync(serverHttp, "fleet/api/v1/jobs") >= 0, why: () => server.Output);
        await using var client = Start("Orders", out var http, new()
        {
            ["Fleet__Client__Server"] = new Uri(serverHttp.BaseAddress!, "fleet").AbsoluteUri,
        });
        // Before the first worker with this job.
        var refused = "";
        await Until.TrueAsync(
            async () => await AnswersAsync(async () => refused = await http.GetStringAsync("greet/Ada", Ct)), why: () => client.Output);
        Assert.StartsWith("refused: job: 'greet' is not a known job; ", refused, StringComparison.Ordinal);

        // The job library is dropped into the worker's folder.
        await using var worker = Start("Worker", out _, new(settings) { ["Fleet__Worker__JobsPath"] = feed.Output("Words") });
        await Until.TrueAsync(
            async () => await CountAsync(serverHttp, "fleet/api/v1/workers") == 2, why: () => server.Output + worker.Output);

        var answer = "";
        await Until.TrueAsync(
            async () => await AnswersAsync(async () => answer = await http.GetStringAsync("greet/Ada", Ct))
                && !answer.StartsWith("refused", StringComparison.Ordinal),
            why: () => answer + client.Output + worker.Output);
        Assert.Equal("Succeeded: \"Good day, Ada!\"", answer);
        Assert.Equal("Succeeded: 3", await http.GetStringAsync("words/a%20b%20c", Ct));
        Assert.DoesNotContain(
            Directory.GetFiles(feed.Output("Orders"), "*.dll").Select(Path.GetFileName),
            f => f!.StartsWith("Fleet.", StringComparison.Ordinal) && f is not ("Fleet.Client.dll" or "Fleet.Contracts.dll"));
    }

    private FleetProcess Start(string app, out HttpClient http, Dictionary<string, string>? settings = null)
    {
        var port = FreePort.Next();
        http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
        return FleetProcess.LaunchAssembly(feed.Assembly(app), new Dictionary<string, string>(settings ?? [])
        {
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}",
            ["DOTNET_CONTENTROOT"] = Path.Combine(feed.Apps, app),
            ["ASPNETCORE_CONTENTROOT"] = Path.Combine(feed.Apps, app),
        });
    }

    /// <summary>How many items a list has; -1 while nobody answers.</summary>
    private static async Task<int> CountAsync(HttpClient http, string path)
    {
        var count = -1;
        await AnswersAsync(async () => count = (await http.GetFromJsonAsync<JsonObject>(path, Ct))!["items"]!.AsArray().Count);
        return count;
    }

    private static async Task<bool> AnswersAsync(Func<Task> ask)
    {
        try
        {
            await ask();
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
