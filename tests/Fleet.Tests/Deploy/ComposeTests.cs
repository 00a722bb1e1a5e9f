using System.Globalization;
using System.Text.Json.Nodes;
using Fleet.Core.Text;
using Fleet.Hosting;
using Fleet.Hosting.Health;
using Fleet.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Fleet.Tests.Deploy;

/// <summary>docker-compose.yml, as far as it can be judged without a Docker engine.</summary>
public sealed class ComposeTests
{
    private static readonly string[] Services = ["scheduler", "worker"];

    [Theory]
    [InlineData("sqlserver")]
    [InlineData("postgres")]
    public async Task Config_OfAProfile_HasItsDatabaseAndTheServices(string profile)
    {
        var services = await Composition.ReadAsync(profile);

        Assert.Equal(
            ["migrate", profile, "rabbitmq", "scheduler", "worker"],
            services.Keys.OrderBy(k => k == profile ? "n" : k, StringComparer.Ordinal));
        // The database that is started is the one that is connected to.
        var settings = Composition.Settings(services["migrate"]);
        Assert.Equal(profile, settings["Fleet__Storage__Provider"], ignoreCase: true);
        Assert.Contains($"={profile};", settings["Fleet__Storage__ConnectionString"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Config_WithoutAnEnvironment_SaysWhatToDo()
    {
        var (exitCode, _, error) = await Composition.ConfigAsync([]);

        Assert.Equal(1, exitCode);
        Assert.Contains("cp .env.example .env", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sqlserver")]
    [InlineData("postgres")]
    public async Task Settings_OfEveryService_AreKnownAndAllowed(string profile)
    {
        using var jobs = new TempFolder();
        var services = await Composition.ReadAsync(profile);

        foreach (var (name, service) in services.Where(s => s.Value["build"] is not null))
        {
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.Configuration.AddInMemoryCollection(Composition.Settings(service)
                .Select(s => KeyValuePair.Create(
                    s.Key.Replace("__", ":", StringComparison.Ordinal),
                    s.Key == "Fleet__Worker__JobsPath" ? jobs.Path : (string?)s.Value)));

            // As the programs do it: each throws at a setting that it does not know, or at a value.
            builder.UseFleetDefaults().AddFleet(fleet => _ = name == "worker" ? fleet.RunsJobs() : fleet.Leads());
            await using var host = builder.Services.BuildServiceProvider();
            host.GetRequiredService<IStartupValidator>().Validate();
        }
    }

    [Fact]
    public async Task Services_ThatGoOn_AreAskedForTheirHealth()
    {
        var services = await Composition.ReadAsync("postgres");
        var other = await Composition.ReadAsync("sqlserver");

        foreach (var (name, service) in services.Append(KeyValuePair.Create("sqlserver", other["sqlserver"]))
            .Where(s => s.Key != "migrate"))
        {
            Assert.True(service["healthcheck"]?["test"]?.AsArray().Count > 1, $"{name} has no health check.");
            Assert.Equal("unless-stopped", service["restart"]?.GetValue<string>());
        }

        foreach (var name in Services)
        {
            // Its own program, which is all that its image has.
            var program = JsonNode.Parse(
                Dockerfile.Line(services[name]["build"]!["target"]!.GetValue<string>()).First().Last("ENTRYPOINT")!)!.AsArray();
            Assert.Equal(
                [.. Composition.Texts(program), HealthProbe.Argument], Composition.Texts(services[name]["healthcheck"]!["test"]!)[1..]);
        }
    }

    [Fact]
    public async Task Services_BeforeTheyStart_WaitForTheBrokerAndTheSchema()
    {
        var services = await Composition.ReadAsync("postgres");

        foreach (var name in Services)
        {
            Assert.Equal("service_healthy", services[name]["depends_on"]?["rabbitmq"]?["condition"]?.GetValue<string>());
            Assert.Equal("service_completed_successfully", services[name]["depends_on"]?["migrate"]?["condition"]?.GetValue<string>());
        }

        Assert.Equal(["db", "migrate", "--wait"], Composition.Texts(services["migrate"]["command"]!)[..3]);
    }

    [Theory]
    [InlineData("sqlserver")]
    [InlineData("postgres")]
    public async Task Services_Images_RunWithoutRoot(string profile)
    {
        foreach (var (name, service) in await Composition.ReadAsync(profile))
        {
            var user = service["user"]?.GetValue<string>() ?? (service["build"]?["target"]?.GetValue<string>() is { } target
                ? Dockerfile.Line(target).Select(stage => stage.Last("USER")).FirstOrDefault(u => u is not null)
                : null);
            Assert.True(user is not (null or "" or "0" or "root"), $"{name} runs as root.");
        }
    }

    [Fact]
    public async Task Ports_Published_AreOnThisMachineOnly()
    {
        var ports = (await Composition.ReadAsync("sqlserver")).Values.SelectMany(s => s["ports"] is { } p ? Composition.Texts(p) : [])
            .ToList();

        Assert.Contains("127.0.0.1:15672:15672/tcp", ports);
        Assert.All(ports, port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Worker_Definition_CanBeScaled()
    {
        var worker = (await Composition.ReadAsync("sqlserver"))["worker"];

        // Each of them there can be once only.
        Assert.All(["container_name", "hostname", "ports"], name => Assert.Null(worker[name]));
        Assert.Equal("2", worker["deploy"]!["replicas"]!.GetValue<string>());
        Assert.Equal(["/jobs"], worker["volumes"]!.AsArray().Select(v => v!.GetValue<string>().Split(':')[1]));
        Assert.Equal("/jobs", Composition.Settings(worker)["Fleet__Worker__JobsPath"]);
    }

    [Fact]
    public async Task Worker_Stop_IsGivenMoreThanItTakes()
    {
        var worker = (await Composition.ReadAsync("sqlserver"))["worker"];
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration["Fleet:Worker:Drain"] = Composition.Settings(worker)["Fleet__Worker__Drain"];
        builder.UseFleetDefaults();
        await using var host = builder.Services.BuildServiceProvider();

        Assert.True(Durations.TryParse(worker["stop_grace_period"]!.GetValue<string>(), out var grace));
        Assert.True(
            grace > host.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout,
            string.Create(CultureInfo.InvariantCulture, $"{grace} is too short."));
        Assert.Equal(grace, TimeSpan.Parse(Composition.Settings(worker)["Fleet__Worker__KillAfter"], CultureInfo.InvariantCulture));
    }
}
