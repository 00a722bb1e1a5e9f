using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Fleet.Tests.Support;

namespace Fleet.Tests.Oidc;

/// <summary>A provider that is at fault keeps requests neither waiting for long, nor does it fill the memory.</summary>
public sealed class BrokenProviderTests
{
    [Fact]
    public async Task Provider_ThatAnswersTooMuch_IsNotReadToTheEnd()
    {
        await using var provider = await TestProvider.StartAsync();
        provider.SaysOfItself["more"] = new string('x', 1024 * 1024);

        await AssertUnavailableAsync(provider);
    }

    /// <summary>It takes a connection, and says nothing.</summary>
    [Fact]
    public async Task Provider_ThatHangs_IsGivenUp()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var provider = await TestProvider.StartAsync();
        provider.SaysOfItself["jwks_uri"] = $"http://{silent.LocalEndpoint}/keys";

        await AssertUnavailableAsync(provider).WaitAsync(Waiting.Limit, TimeProvider.System);
    }

    private static async Task AssertUnavailableAsync(TestProvider provider)
    {
        await using var fleet = await EmbeddedFleet.StartAsync(settings: provider.Settings());

        var (status, text, _) = await OidcFleet.SendAsync(fleet.Http, provider.Issue(("groups", "fleet-viewers")));

        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, "provider_unavailable"),
            (status, JsonElement.Parse(text).GetProperty("code").GetString()));
    }
}
