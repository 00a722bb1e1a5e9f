using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Fleet.Core.Checks;
using Fleet.Tests.Api;
using Fleet.Tests.EndToEnd;
using Fleet.Tests.Support;

namespace Fleet.Tests.Cli;

/// <summary><c>fleet doctor</c> and <c>fleet version</c>, with a server and without one.</summary>
public sealed class DoctorTests(ApiFleet api, RudeServer rude) : IClassFixture<ApiFleet>, IClassFixture<RudeServer>
{
    private static readonly string[] OfConnection = ["settings", "address", "tls", "server", "version", "clock"];
    private static readonly string[] OfServer =
        ["database", "schema", "writes", "databaseClock", "disk", "broker", "leader", "workers", "lanes", "outbox", "others"];

    [Fact]
    public async Task Doctor_ServerUp_ChecksFromHereToTheLastQueue()
    {
        var (_, output, error) = await FleetCommand.RunAsync("doctor", "-o", "json", "--server", $"{api.Http.BaseAddress}");

        var checks = Read(output);
        Assert.Equal("", error);
        Assert.Equal(OfConnection.Concat(OfServer), checks.Select(c => c.Name));
        Assert.All(checks.Where(c => c.Name is "address" or "server" or "version" or "clock" or "database" or "schema" or "writes"),
            c => Assert.Equal("ok", c.Status));
        Assert.Equal("skipped", checks.Single(c => c.Name == "tls").Status);
    }

    [Fact]
    public async Task Doctor_ServerUp_PrettyLinesHaveWordsBesideSigns()
    {
        var (_, output, _) = await FleetCommand.RunAsync("doctor", "-o", "table", "--server", $"{api.Http.BaseAddress}");

        Assert.Contains("✓ ok      server", output, StringComparison.Ordinal);
        Assert.Contains("- skipped tls", output, StringComparison.Ordinal);
    }

    /// <summary>The database of the environment has no tables yet, and nobody listens where its broker is.</summary>
    [Fact]
    public async Task Doctor_ServerDown_ChecksDatabaseAndBrokerFromHere()
    {
        using var folder = new TempFolder();
        var (exit, output, error) = await FleetProcess.RunAsync(
            new Dictionary<string, string>
            {
                ["Fleet__Storage__ConnectionString"] = $"Data Source={Path.Combine(folder.Path, "fleet.db")}",
                ["Fleet__Transport__Uri"] = "amqp://user:sesame@127.0.0.1:9/",
            },
            "doctor", "-o", "json", "--server", rude.Url("away"));

        var checks = Read(output);
        Assert.Equal(1, exit);
        Assert.DoesNotContain("sesame", output + error, StringComparison.Ordinal);
        Assert.Equal(OfConnection.Concat(OfServer), checks.Select(c => c.Name));
        Assert.Equal("failed", checks.Single(c => c.Name == "address").Status);
        Assert.Equal("ok", checks.Single(c => c.Name == "database").Status);
        var schema = checks.Single(c => c.Name == "schema");
        Assert.Equal(("failed", "Run 'fleet db migrate'."), (schema.Status, schema.Advice));
        Assert.Equal("failed", checks.Single(c => c.Name == "broker").Status);
        Assert.All(checks.Where(c => c.Name is "server" or "clock" or "writes" or "leader"), c => Assert.Equal("skipped", c.Status));
    }

    [Theory]
    [InlineData("401", "server")]
    [InlineData("503", "server")]
    [InlineData("html", "server")]
    [InlineData("version2", "version")]
    public async Task Doctor_ServerRefuses_NamesTheCheckThatFailed(string way, string check)
    {
        var (exit, output, error) = await FleetCommand.RunAsync("doctor", "-o", "json", "--server", rude.Url(way));

        Assert.Equal(1, exit);
        Assert.Equal(check, Read(output).Single(c => c.Status == "failed").Name);
        Assert.DoesNotContain("sesame", output + error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_CertificateOfNobody_FailsAtTls()
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=fleet.example", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(100));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, certificate);

        var (exit, output, _) = await FleetCommand.RunAsync(
            "doctor", "-o", "json", "--server", $"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");

        listener.Stop();
        await serving;
        Assert.Equal(1, exit);
        var failed = Read(output).Single(c => c.Status == "failed");
        Assert.Equal("tls", failed.Name);
        Assert.Contains("certificate", failed.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_NoServerConfigured_SaysThatTheAddressIsBad()
    {
        var (exit, output, _) = await FleetCommand.RunAsync("doctor", "-o", "json", "--server", "ftp://x");

        Assert.Equal(1, exit);
        Assert.Equal("settings", Read(output).Single(c => c.Status == "failed").Name);
    }

    [Theory]
    [InlineData(0, CheckStatus.Ok, "agrees")]
    [InlineData(1.5, CheckStatus.Ok, "1.5 s ahead of")]
    [InlineData(-90, CheckStatus.Warning, "90.0 s behind")]
    public void Compare_Clocks_WarnsBeyondTwoSeconds(double seconds, CheckStatus status, string said)
    {
        var found = CheckDatabase.Compare(TimeSpan.FromSeconds(seconds), "The clock of the server");

        Assert.Equal(status, found.Status);
        Assert.Contains(said, found.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_ServerUp_ShowsBoth()
    {
        var (exit, output, error) = await FleetCommand.RunAsync("version", "-o", "json", "--server", $"{api.Http.BaseAddress}");

        var json = JsonElement.Parse(output);
        Assert.Equal((0, ""), (exit, error));
        Assert.Equal(
            json.GetProperty("client").GetProperty("version").GetString(), json.GetProperty("server").GetProperty("version").GetString());
        Assert.Equal("v1", json.GetProperty("server").GetProperty("api").GetString());
    }

    [Theory]
    [InlineData("away", 7)]
    [InlineData("401", 6)]
    public async Task Version_ServerThatWasNamedFails_ShowsTheClientAndEndsWithItsCode(string way, int code)
    {
        var (exit, output, error) = await FleetCommand.RunAsync("version", "-o", "json", "--server", rude.Url(way));

        Assert.Equal(code, exit);
        Assert.Equal(JsonValueKind.Null, JsonElement.Parse(output).GetProperty("server").ValueKind);
        Assert.NotEqual("", error);
        Assert.DoesNotContain("sesame", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_OfTheServerDiffers_SaysSo()
    {
        var (exit, output, error) = await FleetCommand.RunAsync("version", "-o", "tsv", "--server", rude.Url("version2"));

        Assert.Equal(0, exit);
        Assert.Contains("server\t99.0.0", output, StringComparison.Ordinal);
        Assert.Contains("The server has version 99.0.0", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_OfTheClient_AsksNobody()
    {
        var (exit, output, error) = await FleetCommand.RunAsync("version", "--client", "-o", "name", "--server", rude.Url("away"));

        Assert.Equal((0, ""), (exit, error));
        Assert.Matches(@"^\d+\.\d+\.\d+\s*$", output);
    }

    private static List<(string Name, string Status, string Said, string? Advice)> Read(string output) =>
    [
        .. JsonElement.Parse(output).EnumerateArray().Select(c => (
            c.GetProperty("name").GetString()!, c.GetProperty("status").GetString()!, c.GetProperty("said").GetString()!,
            c.TryGetProperty("advice", out var advice) ? advice.GetString() : null)),
    ];

    private static async Task ServeAsync(TcpListener listener, X509Certificate2 certificate)
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                await using var tls = new SslStream(client.GetStream());
                try
                {
                    await tls.AuthenticateAsServerAsync(certificate);
                }
                catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
                {
                    // The other side has refused.
                }
            }
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException)
        {
            // The test is over.
        }
    }
}
