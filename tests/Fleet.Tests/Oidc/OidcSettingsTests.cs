using System.Xml.Linq;
using Fleet.Core.Access;
using Fleet.Oidc;
using Fleet.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fleet.Tests.Oidc;

/// <summary>The settings of the provider, and the keys that protect a sign-in under way.</summary>
public sealed class OidcSettingsTests
{
    private const string Section = "Fleet:Api:Access:Oidc";

    private static readonly Dictionary<string, string?> Good = new()
    {
        ["Authority"] = "https://id.example.com/realms/corp",
        ["Audience"] = "fleet",
        ["Roles:0:Claim"] = "groups",
        ["Roles:0:Value"] = "admins",
        ["Roles:0:Role"] = "admin",
    };

    [Fact]
    public void Settings_ThatAreGood_AreRead_WithTheirDefaults()
    {
        var options = Read()!;

        Assert.Equal(
            ("sub", TimeSpan.FromHours(12), "openid profile", null),
            (options.Name, options.SessionLife, string.Join(' ', options.Scopes), options.ClientId));
    }

    /// <summary>Without <c>openid</c>, a provider signs nobody in.</summary>
    [Theory]
    [InlineData("profile  groups", "openid profile groups")]
    [InlineData("profile openid", "profile openid")]
    public void Scopes_HaveOpenIdInAnyCase(string given, string scopes) =>
        Assert.Equal(scopes, string.Join(' ', Read(("Scopes", given))!.Scopes));

    [Fact]
    public void Settings_ThatAreAllEmpty_AreNone() =>
        Assert.Null(ReadOidcOptions.Execute(Configure(Good.Keys.Select(key => (key, (string?)"")))));

    [Theory]
    [InlineData("Authority", "", "Authority: it is missing.")]
    [InlineData("Authority", "http://id.example.com", "Authority: 'http://id.example.com' is not allowed; allowed is the issuer URL")]
    [InlineData("Authority", "ftp://localhost", "Authority: 'ftp://localhost' is not allowed")]
    [InlineData("Authority", "id.example.com", "Authority: 'id.example.com' is not allowed")]
    [InlineData("Authority", "https://a@id.example.com", "is not allowed")]
    [InlineData("Authority", "https://id.example.com?a=b", "is not allowed")]
    [InlineData("Authority", "https://id.example.com#a", "is not allowed")]
    [InlineData("Audience", "", "Audience: it is missing.")]
    [InlineData("Audience", " fleet", "Audience: it must not begin or end with a space.")]
    [InlineData("ClientSecret", "hush", "ClientSecret: it is set without")]
    [InlineData("SessionLife", "8d", "SessionLife: '8d' is not allowed; allowed is a duration from 5m to 7d")]
    [InlineData("SessionLife", "4m", "SessionLife: '4m' is not allowed; allowed is a duration from 5m to 7d")]
    [InlineData("SessionLife", "60", "SessionLife: '60' is not allowed")]
    [InlineData("Authorty", "x", "Authorty is not a known setting")]
    [InlineData("Roles:0:Claim", "", "Roles:0:Claim: it is missing.")]
    [InlineData("Roles:0:Value", "", "Roles:0:Value: it is missing.")]
    [InlineData("Roles:0:Value", "admins ", "Roles:0:Value: it must not begin or end with a space.")]
    [InlineData("Roles:0:Role", "root", "Roles:0:Role: 'root' is not allowed; allowed is viewer, submitter, operator, admin, metrics.")]
    [InlineData("Roles:0:Role", "Admin", "Roles:0:Role: 'Admin' is not allowed")]
    [InlineData("Roles:0:Lanes:0", "mail", "Roles:0:Lanes: an admin makes keys")]
    [InlineData("Roles:0:Lanes:0", "Mail!", "Roles:0:Lanes:0: 'Mail!' is not allowed")]
    [InlineData("Roles:0:Lanes", "mail", "Roles:0:Lanes: 'mail' is not allowed; allowed is a list of")]
    [InlineData("Roles:0:Pattern", ".*", "Roles:0:Pattern is not a known setting")]
    public void Setting_ThatIsWrong_IsNamed(string name, string value, string problem)
    {
        var refused = Assert.Throws<OptionsValidationException>(() => Read((name, value)));

        Assert.Contains(refused.Failures, failure => failure.Contains(problem, StringComparison.Ordinal));
        Assert.All(refused.Failures, failure =>
        {
            Assert.StartsWith(Section, failure, StringComparison.Ordinal);
            Assert.DoesNotContain("hush", failure, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Settings_WithoutARule_AreRefused() => Assert.Contains(
        "nobody would be let in",
        Assert.Throws<OptionsValidationException>(
            () => ReadOidcOptions.Execute(Configure([("Authority", "https://a.example"), ("Audience", "fleet")]))).Message,
        StringComparison.Ordinal);

    [Fact]
    public async Task Keys_OfTwoProcessesAtOnce_AreOne()
    {
        await using var fleet = await EmbeddedFleet.StartAsync();
        var keys = fleet.Services.GetRequiredService<ProtectionKeys>();

        var added = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => keys.AddAsync(1, $"<key n='{i}' />", CancellationToken.None)));

        Assert.Single(added, isFirst => isFirst);
        Assert.True(await keys.AddAsync(2, "<key />", CancellationToken.None));
        await using var db = fleet.Storage.Read();
        Assert.Equal([1, 2], await db.ProtectionKeys.OrderBy(k => k.Number).Select(k => k.Number).ToListAsync());
    }

    [Fact]
    public async Task Keys_OfARing_ComeOneAfterTheOther_AndAnotherRingHasThem()
    {
        await using var fleet = await EmbeddedFleet.StartAsync();
        var keys = fleet.Services.GetRequiredService<ProtectionKeys>();
        var ring = new KeyRing(keys);
        foreach (var name in new[] { "first", "second" })
        {
            ring.GetAllElements();
            ring.StoreElement(new XElement(name), name);
        }

        Assert.Equal(["first", "second"], new KeyRing(keys).GetAllElements().Select(key => key.Name.LocalName));
    }

    /// <summary>In a program of somebody else, these settings would let nobody in. It is told at the start.</summary>
    [Fact]
    public async Task Settings_InAProgramWithoutTheProvider_RefuseTheStart()
    {
        using var folder = new TempFolder();
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = folder.Path });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(Good.Select(s => new KeyValuePair<string, string?>($"{Section}:{s.Key}", s.Value)));
        builder.AddFleet();
        await using var app = builder.Build();
        app.MapFleet("/fleet").RequireFleetKeys();

        var refused = await Assert.ThrowsAsync<FleetStartException>(() => app.StartAsync());

        Assert.StartsWith(Section + ": the scheduler service and 'fleet dev' read it", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Provider_AddsNoSchemeAndNoDataProtection_ToTheProgram()
    {
        var services = new ServiceCollection();

        services.AddFleetOidc(Configure(Good.Select(s => (s.Key, s.Value))));

        Assert.DoesNotContain(services, s => s.ServiceType.Namespace!.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
        Assert.NotEmpty(services);
    }

    private static OidcOptions? Read(params (string Name, string? Value)[] others) =>
        ReadOidcOptions.Execute(Configure([.. Good.Where(s => others.All(o => o.Name != s.Key)).Select(s => (s.Key, s.Value)), .. others]));

    private static IConfigurationRoot Configure(IEnumerable<(string Name, string? Value)> settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(s => new KeyValuePair<string, string?>($"{Section}:{s.Name}", s.Value))).Build();
}
