using System.Net;
using System.Text;
using Fleet.Api.Access;
using Fleet.Oidc;
using Fleet.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Oidc;

/// <summary>What is believed of what a provider says of itself, and how often it is asked.</summary>
public sealed class ProviderMetadataTests : IDisposable
{
    private const string Authority = "https://id.example.com";

    private readonly FakeTimeProvider _time = new();
    private readonly Answers _answers = new();
    private readonly HttpClient _http;
    private readonly ProviderMetadata _metadata;

    public ProviderMetadataTests()
    {
        _http = new HttpClient(_answers);
        _metadata = new ProviderMetadata(new Uri(Authority), _http, _time, new LogLines<ProviderMetadata>());
    }

    public void Dispose()
    {
        _metadata.Dispose();
        _http.Dispose();
    }

    [Theory]
    [InlineData("issuer", "https://id.example.com/", null)]
    [InlineData("issuer", "https://id.example.org", "it calls itself 'https://id.example.org'.")]
    [InlineData("issuer", null, "it calls itself ''.")]
    [InlineData("authorization_endpoint", "http://id.example.com/a", "its endpoint http://id.example.com/a is not https.")]
    [InlineData("token_endpoint", "http://127.0.0.1/t", "its endpoint http://127.0.0.1/t is not https.")]
    [InlineData("end_session_endpoint", "/e", "its endpoint /e is not https.")]
    [InlineData("jwks_uri", "http://id.example.com/keys", "is not https.")]
    [InlineData("jwks_uri", null, "it has no keys.")]
    public async Task Document_IsCheckedAgainstTheAuthority(string member, string? value, string? problem)
    {
        _answers.Members[member] = value;

        if (problem is null)
            await AskAsync();
        else
            Assert.EndsWith(problem, (await Assert.ThrowsAsync<ProviderException>(AskAsync)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Document_IsReadEveryHour()
    {
        await AskAsync();
        _time.Advance(TimeSpan.FromMinutes(59));
        await AskAsync();
        Assert.Equal(1, _answers.Documents);

        _time.Advance(TimeSpan.FromMinutes(1));
        await AskAsync();

        Assert.Equal(2, _answers.Documents);
    }

    /// <summary>While it is away, what was read before is used, and it is asked once a minute.</summary>
    [Fact]
    public async Task Provider_ThatGoesAway_IsAskedOnceAMinute_AndItsOldDocumentIsUsed()
    {
        await AskAsync();
        _time.Advance(TimeSpan.FromHours(1));
        _answers.IsAway = true;
        for (var i = 0; i < 3; i++)
            await AskAsync();
        _time.Advance(TimeSpan.FromSeconds(59));
        await AskAsync();
        Assert.Equal(2, _answers.Documents);

        _time.Advance(TimeSpan.FromSeconds(1));
        await AskAsync();

        Assert.Equal(3, _answers.Documents);
    }

    [Fact]
    public async Task Provider_ThatWasNeverThere_IsAskedOnceASecond()
    {
        _answers.IsAway = true;
        for (var i = 0; i < 3; i++)
            await Assert.ThrowsAsync<ProviderException>(AskAsync);
        Assert.Equal(1, _answers.Documents);

        _time.Advance(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<ProviderException>(AskAsync);

        Assert.Equal(2, _answers.Documents);
    }

    /// <summary>Anyone can make up a token with a key that is not known.</summary>
    [Fact]
    public async Task Refresh_IsOnceInHalfAMinute()
    {
        await AskAsync();
        for (var i = 0; i < 3; i++)
        {
            _metadata.RequestRefresh();
            await AskAsync();
        }

        Assert.Equal(2, _answers.Documents);
        _time.Advance(TimeSpan.FromSeconds(30));
        _metadata.RequestRefresh();
        await AskAsync();
        Assert.Equal(3, _answers.Documents);
    }

    private Task AskAsync() => _metadata.GetConfigurationAsync(CancellationToken.None);

    private sealed class Answers : HttpMessageHandler
    {
        private const string Keys =
            """
            {"keys":[{"kty":"EC","crv":"P-256","kid":"k","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}
            """;

        public Dictionary<string, string?> Members { get; } = new()
        {
            ["issuer"] = Authority,
            ["authorization_endpoint"] = Authority + "/a",
            ["token_endpoint"] = Authority + "/t",
            ["end_session_endpoint"] = Authority + "/e",
            ["jwks_uri"] = Authority + "/keys",
        };

        public bool IsAway { get; set; }

        public int Documents { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var isKeys = request.RequestUri!.AbsolutePath == "/keys";
            Documents += isKeys ? 0 : 1;
            if (IsAway)
                throw new HttpRequestException("away");
            var text = isKeys ? Keys : System.Text.Json.JsonSerializer.Serialize(Members.Where(m => m.Value is not null).ToDictionary());
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(text, Encoding.UTF8) });
        }
    }
}
