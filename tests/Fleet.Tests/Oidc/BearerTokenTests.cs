using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Fleet.Core.Access;
using Fleet.Oidc;
using Fleet.Tests.Access;
using Fleet.Tests.Support;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;

namespace Fleet.Tests.Oidc;

/// <summary>Bearer tokens of an OIDC provider.</summary>
public sealed class BearerTokenTests(OidcFleet oidc) : IClassFixture<OidcFleet>
{
    private static readonly string[] Admins = ["fleet-admins"];

    private TestProvider Provider => oidc.Provider;

    /// <summary>Tokens that prove nothing, and the words that say why.</summary>
    public static TheoryData<string, string> Bad => new()
    {
        { "wrong audience", "it is for another audience." },
        { "audience in another case", "it is for another audience." },
        { "audience of the client", "it is for another audience." },
        { "no audience", "it is for another audience." },
        { "wrong issuer", "it was issued by somebody else." },
        { "issuer with a slash", "it was issued by somebody else." },
        { "no issuer", "it was issued by somebody else." },
        { "expired", "it has expired." },
        { "not yet valid", "it is not valid yet." },
        { "no expiry", "it has no end." },
        { "alg none", "its signature is not the provider's." },
        { "HS256 with the public key", "its signature is not the provider's." },
        { "another key, known kid", "its signature is not the provider's." },
        { "unknown kid", "the provider has no such key." },
        { "changed claims", "its signature is not the provider's." },
        { "no subject", "does not say whose it is" },
        { "a subject too long", "does not say whose it is" },
        { "a claim twice", "a claim is in it twice." },
        { "two parts", "it is none that the provider has issued." },
        { "garbage", "it is none that the provider has issued." },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task Token_ThatProvesNothing_Is401_AndSaysWhy(string kind, string reason)
    {
        var (status, text, answer) = await oidc.SendAsync(Make(kind));

        Assert.True(status == HttpStatusCode.Unauthorized, $"{kind}: {status} {text}");
        Assert.Contains(reason, JsonElement.Parse(text).GetProperty("detail").GetString()!, StringComparison.Ordinal);
        Assert.Contains("error=\"invalid_token\"", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task EveryRoute_WithATokenThatProvesNothing_Is401_AndChangesNothing()
    {
        var tokens = Bad.Select(row => row.Data.Item1).ToDictionary(kind => kind, Make);
        var before = await oidc.Fleet.Storage.ReadTablesAsync();
        var wrong = new List<string>();
        foreach (var route in Route.All(oidc.Fleet).Where(r => r.Contract.Permission != Permission.None))
        {
            foreach (var (kind, token) in tokens)
            {
                var (status, text, _) = await oidc.SendAsync(token, route.Path, route.Method);
                if (status != HttpStatusCode.Unauthorized)
                    wrong.Add($"{route} with {kind}: {(int)status} {text}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal(before, await oidc.Fleet.Storage.ReadTablesAsync());
    }

    [Fact]
    public async Task EveryRoute_WithATokenWithoutARole_Is403_AndChangesNothing()
    {
        var token = Provider.Issue();
        var before = await oidc.Fleet.Storage.ReadTablesAsync();
        foreach (var route in Route.All(oidc.Fleet).Where(r => r.Contract.Permission != Permission.None))
        {
            var (status, text, _) = await oidc.SendAsync(token, route.Path, route.Method);
            Assert.True(
                status == HttpStatusCode.Forbidden && text.Contains("\"no_role\"", StringComparison.Ordinal), $"{route}: {status} {text}");
        }

        Assert.Equal(before, await oidc.Fleet.Storage.ReadTablesAsync());
    }

    [Theory]
    [InlineData("""{"groups":["fleet-viewers"]}""", "viewer")]
    [InlineData("""{"groups":"fleet-viewers"}""", "viewer")]
    [InlineData("""{"groups":["x","fleet-admins","fleet-viewers"]}""", "admin")]
    [InlineData("""{"realm_access":{"roles":["offline","fleet-operator"]},"groups":["fleet-viewers"]}""", "operator")]
    [InlineData("""{"realm_access.roles":["fleet-operator"]}""", "operator")]
    [InlineData("""{"realm_access.roles":[],"realm_access":{"roles":["fleet-operator"]}}""", "no_role")]
    [InlineData("""{}""", "no_role")]
    [InlineData("""{"groups":[]}""", "no_role")]
    [InlineData("""{"groups":null}""", "no_role")]
    [InlineData("""{"groups":["Fleet-Admins"]}""", "no_role")]
    [InlineData("""{"Groups":["fleet-admins"]}""", "no_role")]
    [InlineData("""{"groups":["fleet-admins "]}""", "no_role")]
    [InlineData("""{"groups":[" fleet-admins"]}""", "no_role")]
    [InlineData("""{"groups":["fleet-admins2"]}""", "no_role")]
    [InlineData("""{"groups":["fleet-admin"]}""", "no_role")]
    [InlineData("""{"groups":["not-fleet-admins"]}""", "no_role")]
    [InlineData("""{"groups":"fleet-admins,fleet-viewers"}""", "no_role")]
    [InlineData("""{"groups":"fleet-admins fleet-viewers"}""", "no_role")]
    [InlineData("""{"groups":["fleet-admins\u200b"]}""", "no_role")]
    [InlineData("""{"groups":[["fleet-admins"]]}""", "no_role")]
    [InlineData("""{"groups":{"fleet-admins":true}}""", "no_role")]
    [InlineData("""{"realm_access":[{"roles":["fleet-operator"]}]}""", "no_role")]
    [InlineData("""{"realm_access":{"Roles":["fleet-operator"]}}""", "no_role")]
    [InlineData("""{"role":"admin","roles":["admin"]}""", "no_role")]
    public async Task Role_ComesFromTheExactValueOfAClaim(string claims, string role)
    {
        var all = JsonSerializer.Deserialize<Dictionary<string, object>>(claims)!;

        Assert.Equal(role, await oidc.RoleAsync(Provider.Issue([.. all.Select(c => (c.Key, (object?)c.Value))])));
    }

    [Fact]
    public async Task Token_OfACurve_IsTakenToo()
    {
        await using var provider = await TestProvider.StartAsync();
        provider.Add(TestProvider.NewCurveKey("curve"));
        await using var fleet = await EmbeddedFleet.StartAsync(settings: provider.Settings());

        Assert.Equal(HttpStatusCode.OK, (await OidcFleet.SendAsync(fleet.Http, provider.Issue(("groups", Admins)))).Status);
    }

    /// <summary>Checking a token asks nobody, so one that is valid is let in whatever came before it.</summary>
    [Fact]
    public async Task TooManyTokens_ThatProveNothing_Are429_AndOneThatIsValidIsLetIn()
    {
        await using var provider = await TestProvider.StartAsync();
        await using var fleet = await EmbeddedFleet.StartAsync(
            settings: [.. provider.Settings(), new("Fleet:Api:Limits:FailedSignIns", "2")]);
        var wrong = provider.Issue(("groups", Admins), ("aud", "others"));
        for (var i = 0; i < 2; i++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await OidcFleet.SendAsync(fleet.Http, wrong)).Status);

        var (status, text, answer) = await OidcFleet.SendAsync(fleet.Http, wrong);

        Assert.Equal(
            (HttpStatusCode.TooManyRequests, "too_many_failed_sign_ins"),
            (status, JsonElement.Parse(text).GetProperty("code").GetString()));
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, (await OidcFleet.SendAsync(fleet.Http, provider.Issue(("groups", Admins)))).Status);
    }

    [Fact]
    public async Task WhoAmI_ShowsWhenTheTokenEnds()
    {
        var end = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().AddMinutes(3).ToUnixTimeSeconds());

        var (_, text, _) = await oidc.SendAsync(Provider.Issue(("groups", Admins), ("exp", end.ToUnixTimeSeconds())));

        Assert.Equal(end, JsonElement.Parse(text).GetProperty("expiresAt").GetDateTimeOffset());
    }

    /// <summary>The first token with a new key has the keys read. Tokens that somebody makes up after it do not.</summary>
    [Fact]
    public async Task KeyRotation_IsPickedUpAtOnce_AndMadeUpKeysAreNotAskedFor()
    {
        await using var provider = await TestProvider.StartAsync();
        await using var fleet = await EmbeddedFleet.StartAsync(settings: provider.Settings());
        var old = provider.Issue(("groups", Admins));
        Assert.Equal(HttpStatusCode.OK, (await OidcFleet.SendAsync(fleet.Http, old)).Status);
        provider.Rotate("second");

        Assert.Equal(HttpStatusCode.OK, (await OidcFleet.SendAsync(fleet.Http, provider.Issue(("groups", Admins)))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await OidcFleet.SendAsync(fleet.Http, old)).Status);
        for (var i = 0; i < 10; i++)
        {
            var madeUp = TestProvider.Sign(provider.AccessClaims(("groups", Admins)), TestProvider.NewKey($"made-up-{i}"));
            Assert.Equal(HttpStatusCode.Unauthorized, (await OidcFleet.SendAsync(fleet.Http, madeUp)).Status);
        }

        Assert.Equal(2, provider.KeysRead);
    }

    [Fact]
    public async Task Provider_DownAtTheStart_KeepsNobodyFromStarting_KeysGoOn_AndTokensAreTakenWhenItIsUp()
    {
        var port = FreePort.Next();
        var absent = await TestProvider.StartAsync(port);
        var settings = absent.Settings();
        await absent.DisposeAsync();
        await using var fleet = await EmbeddedFleet.StartAsync(settings: settings);
        var key = await fleet.Services.GetRequiredService<CreateKeys>().ExecuteAsync(
            new("ops", "admin"), Somebody.Me, dryRun: false, CancellationToken.None);

        var (status, text, answer) = await OidcFleet.SendAsync(fleet.Http, absent.Issue(("groups", Admins)));
        var signIn = await fleet.Http.GetAsync(new Uri("sign-in", UriKind.Relative));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.ServiceUnavailable), (status, signIn.StatusCode));
        Assert.Equal("provider_unavailable", JsonElement.Parse(text).GetProperty("code").GetString());
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, (await OidcFleet.SendAsync(fleet.Http, key.Text.Text)).Status);
        await using var provider = await TestProvider.StartAsync(port);
        await Waiting.UntilAsync(
            async () => (await OidcFleet.SendAsync(fleet.Http, provider.Issue(("groups", Admins)))).Status == HttpStatusCode.OK);
        // What was read before is used when the provider goes away again.
        await provider.StopAsync();
        Assert.Equal(HttpStatusCode.OK, (await OidcFleet.SendAsync(fleet.Http, provider.Issue(("groups", Admins)))).Status);
    }

    [Fact]
    public async Task Provider_ThatCallsItselfOtherwise_IsNotBelieved()
    {
        await using var provider = await TestProvider.StartAsync();
        var settings = provider.SettingsFor(provider.Issuer.Replace("127.0.0.1", "localhost", StringComparison.Ordinal));
        await using var fleet = await EmbeddedFleet.StartAsync(settings: settings);

        var (status, text, _) = await OidcFleet.SendAsync(fleet.Http, provider.Issue(("groups", Admins)));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains($"it calls itself '{provider.Issuer}'.", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lanes_OfRulesOfTheRole_AreAddedUp_AndARuleWithoutLanesOpensAll()
    {
        await using var provider = await TestProvider.StartAsync();
        await using var fleet = await EmbeddedFleet.StartAsync(settings: provider.Settings(
            ("Roles:3:Claim", "team"), ("Roles:3:Value", "mail"), ("Roles:3:Role", "operator"), ("Roles:3:Lanes:0", "mail"),
            ("Roles:4:Claim", "team"), ("Roles:4:Value", "print"), ("Roles:4:Role", "operator"), ("Roles:4:Lanes:0", "print")));

        async Task<string> LanesAsync(params (string, object?)[] claims)
        {
            var (_, text, _) = await OidcFleet.SendAsync(fleet.Http, provider.Issue(claims));
            return JsonElement.Parse(text).GetProperty("lanes").ToString();
        }

        Assert.Equal("""["mail"]""", await LanesAsync(("team", "mail"), ("groups", "fleet-viewers")));
        Assert.Equal("""["mail","print"]""", await LanesAsync(("team", new[] { "print", "mail" })));
        Assert.Equal("", await LanesAsync(("team", "mail"), ("realm_access", new { roles = new[] { "fleet-operator" } })));
        var (status, _, _) = await OidcFleet.SendAsync(fleet.Http, provider.Issue(("team", "mail")), "api/v1/lanes/print");
        Assert.Equal(HttpStatusCode.NotFound, status);
    }

    [Theory]
    [InlineData("""{"preferred_username":"alex"}""", "u-1", "person")]
    [InlineData("""{"preferred_username":"service-account-billing","azp":"billing"}""", "u-1", "program")]
    [InlineData("""{"preferred_username":null,"sub":"billing","client_id":"billing"}""", "billing", "program")]
    [InlineData("""{"preferred_username":null,"idtyp":"app"}""", "u-1", "program")]
    public async Task WhoAmI_ShowsNameKindAndSubject(string claims, string name, string kind)
    {
        var given = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(claims)!;
        var token = Provider.Issue(
        [
            ("groups", Admins),
            .. given.Select(c => (c.Key, c.Value.ValueKind == JsonValueKind.Null ? null : (object?)c.Value)),
        ]);

        var (_, text, _) = await oidc.SendAsync(token);

        var who = JsonElement.Parse(text);
        Assert.Equal((name, kind, "oidc"), (Get("name"), Get("kind"), Get("provenBy")));
        Assert.Equal(given.TryGetValue("sub", out var sub) ? sub.GetString() : "u-1", Get("subject"));

        string? Get(string member) => who.GetProperty(member).GetString();
    }

    [Theory]
    [InlineData("""{"sub":"u-1","employee":{"id":"e-7"}}""", "e-7")]
    [InlineData("""{"sub":"u-1","employee.id":"e-7"}""", "e-7")]
    [InlineData("""{"sub":"u-1"}""", "u-1")]
    [InlineData("""{"sub":"u-1","employee":{"id":""}}""", "u-1")]
    [InlineData("""{"sub":"u-1","employee":{"id":7}}""", "u-1")]
    [InlineData("""{"sub":"u-1","employee":{"id":"a\nb"}}""", "u-1")]
    [InlineData("""{"sub":"u-1","employee":{"id":["a","b"]}}""", "u-1")]
    [InlineData("""{"sub":"u\n1","employee":{"id":"e-7"}}""", "e-7")]
    public void Name_OfAClaimOfTheSettings_IsTakenIfItCanBeStored(string claims, string name)
    {
        var token = JsonElement.Parse(claims);
        var rule = new RoleRule("sub", token.GetProperty("sub").GetString()!, Role.Viewer, Lanes: null);
        var options = new OidcOptions(new("https://id.example.com"), "fleet", [rule]) { Name = "employee.id" };

        Assert.Equal(name, new PeopleOfProvider(options).Find(new TokenClaims(token), expiresAt: null).Who?.Name);
    }

    [Fact]
    public async Task Change_ByAToken_HasAnEntryThatNamesTheSubject()
    {
        var (status, text, _) = await oidc.SendAsync(
            Provider.Issue(("groups", Admins), ("sub", "u-77")), "api/v1/lanes/audited/pause", "POST");

        Assert.True(status == HttpStatusCode.OK, text);
        var (_, audit, _) = await oidc.SendAsync(Provider.Issue(("groups", Admins)), "api/v1/audit?target=audited");
        var entry = JsonElement.Parse(audit).GetProperty("items")[0];
        Assert.Equal(
            ("u-77", "u-77", "api"),
            (entry.GetProperty("subject").GetString(), entry.GetProperty("by").GetProperty("name").GetString(),
                entry.GetProperty("way").GetString()));
    }

    private string Make(string kind)
    {
        var now = TimeProvider.System.GetUtcNow();
        return kind switch
        {
            "wrong audience" => Issue(("aud", "others")),
            "audience in another case" => Issue(("aud", "Fleet")),
            "audience of the client" => Issue(("aud", TestProvider.Client)),
            "no audience" => Issue(("aud", null)),
            "wrong issuer" => Issue(("iss", "http://127.0.0.1:1")),
            "issuer with a slash" => Issue(("iss", Provider.Issuer + "/")),
            "no issuer" => Issue(("iss", null)),
            // Beyond the 60 s that clocks may differ.
            "expired" => Issue(("exp", now.AddSeconds(-70).ToUnixTimeSeconds()), ("nbf", now.AddHours(-1).ToUnixTimeSeconds())),
            "not yet valid" => Issue(("nbf", now.AddSeconds(90).ToUnixTimeSeconds())),
            "no expiry" => Issue(("exp", null)),
            "alg none" => $"{Encode("""{"alg":"none","typ":"JWT"}""")}.{Issue().Split('.')[1]}.",
            "HS256 with the public key" => WithPublicKeyAsSecret(),
            "another key, known kid" => TestProvider.Sign(
                Provider.AccessClaims(("groups", Admins)), TestProvider.NewKey(Provider.Key.KeyId)),
            "unknown kid" => TestProvider.Sign(Provider.AccessClaims(("groups", Admins)), TestProvider.NewKey("unknown")),
            "changed claims" => WithOtherClaims(),
            "no subject" => Issue(("sub", null)),
            "a subject too long" => Issue(("sub", new string('u', 256))),
            "a claim twice" => Twice(),
            "two parts" => string.Join('.', Issue().Split('.')[..2]),
            _ => "a.b.c",
        };
    }

    private string Issue(params (string, object?)[] claims) => Provider.Issue([("groups", Admins), .. claims]);

    /// <summary>The classic: the public key of the provider, which everyone has, as a shared secret.</summary>
    private string WithPublicKeyAsSecret()
    {
        var pem = ((RsaSecurityKey)Provider.Key).Rsa.ExportSubjectPublicKeyInfoPem();
        var key = new SymmetricSecurityKey(Encoding.ASCII.GetBytes(pem)) { KeyId = Provider.Key.KeyId };
        return TestProvider.Sign(Provider.AccessClaims(("groups", Admins)), key, SecurityAlgorithms.HmacSha256);
    }

    private string WithOtherClaims()
    {
        var parts = Provider.Issue().Split('.');
        return $"{parts[0]}.{Issue().Split('.')[1]}.{parts[2]}";
    }

    private string Twice()
    {
        var payload = JsonSerializer.Serialize(Provider.AccessClaims());
        var body = $"{Encode($$"""{"alg":"RS256","kid":"{{Provider.Key.KeyId}}","typ":"JWT"}""")}."
            + Encode(payload[..^1] + ""","groups":[],"groups":["fleet-admins"]}""");
        var signature = ((RsaSecurityKey)Provider.Key).Rsa.SignData(
            Encoding.ASCII.GetBytes(body), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{body}.{WebEncoders.Base64UrlEncode(signature)}";
    }

    private static string Encode(string text) => WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes(text));
}
