using System.Net;
using System.Text.Json;
using Fleet.Core.Access;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Access;

/// <summary>API keys: their text, their life, and the audit of it.</summary>
public sealed class KeysTests(AccessFleet access) : IClassFixture<AccessFleet>
{
    private string Admin => access.Key(Role.Admin);

    [Fact]
    public void Text_HasTheDocumentedForm_AndIsReadBack()
    {
        var text = KeyText.New();

        Assert.Matches($"^{KeyText.Pattern}$", text.Text);
        Assert.Equal(text, KeyText.Parse(text.Text));
        Assert.DoesNotContain(text.Text, text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_AnyCharacterChanged_IsNoKey()
    {
        var text = KeyText.New().Text;

        Assert.All(
            Enumerable.Range(0, text.Length),
            i => Assert.Null(KeyText.Parse(text[..i] + (text[i] == 'b' ? 'c' : 'b') + text[(i + 1)..])));
        Assert.Null(KeyText.Parse(text + "\n"));
        Assert.Null(KeyText.Parse(null));
    }

    [Fact]
    public async Task Create_ShowsTheTextOnce_AndStoresItsHashAlone()
    {
        var (status, _, text) = await access.SendAsync("POST", "/api/v1/keys", Admin, """{"name":"billing","role":"operator"}""");

        var created = JsonElement.Parse(text);
        var key = created.GetProperty("text").GetString()!;
        var id = created.GetProperty("key").GetProperty("id").GetString()!;
        Assert.Equal(HttpStatusCode.Created, status);
        Assert.Equal(HttpStatusCode.OK, (await access.SendAsync("GET", "/api/v1/runs", key)).Status);
        var (_, _, shown) = await access.SendAsync("GET", $"/api/v1/keys/{id}", Admin);
        var (_, _, listed) = await access.SendAsync("GET", "/api/v1/keys", Admin);
        Assert.DoesNotContain(key[13..], shown + listed, StringComparison.Ordinal);
        await using var db = access.Fleet.Storage.Read();
        var row = await db.ApiKeys.SingleAsync(k => k.Id == id);
        Assert.Equal(32, row.Hash.Length);
        Assert.Equal("the admin", row.CreatedBy!.Name);
    }

    [Theory]
    [InlineData("""{"role":"viewer"}""", "/name")]
    [InlineData("""{"name":"","role":"viewer"}""", "/name")]
    [InlineData("""{"name":"x","role":"root"}""", "/role")]
    [InlineData("""{"name":"x","role":"Admin"}""", "/role")]
    [InlineData("""{"name":"x","role":"viewer","expiresIn":"1s"}""", "/expiresIn")]
    [InlineData("""{"name":"x","role":"viewer","expiresIn":"4000d"}""", "/expiresIn")]
    [InlineData("""{"name":"x","role":"viewer","expiresIn":"soon"}""", "/expiresIn")]
    [InlineData("""{"name":"x","role":"viewer","lanes":[]}""", "/lanes")]
    [InlineData("""{"name":"x","role":"viewer","lanes":["mail","No Lane"]}""", "/lanes/1")]
    [InlineData("""{"name":null,"role":null,"lanes":["!"],"expiresIn":"-1s"}""", "/name /role /expiresIn /lanes/0")]
    public async Task Create_WrongFields_NamesAllOfThem_AndStoresNothing(string body, string pointers)
    {
        var before = await access.Fleet.Storage.ReadTablesAsync();

        var (status, _, text) = await access.SendAsync("POST", "/api/v1/keys", Admin, body);

        var errors = JsonElement.Parse(text).GetProperty("errors").EnumerateArray();
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(
            pointers.Split(' ').Order(StringComparer.Ordinal),
            errors.Select(e => e.GetProperty("pointer").GetString()!).Order(StringComparer.Ordinal));
        Assert.Equal(before, await access.Fleet.Storage.ReadTablesAsync());
    }

    [Fact]
    public async Task DryRun_Create_ChecksAndStoresNothing()
    {
        var before = await access.Fleet.Storage.ReadTablesAsync();

        var (status, _, text) = await access.SendAsync("POST", "/api/v1/keys?dryRun=true", Admin, """{"name":"x","role":"viewer"}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.False(JsonElement.Parse(text).TryGetProperty("text", out var shown) && shown.ValueKind != JsonValueKind.Null);
        Assert.Equal(before, await access.Fleet.Storage.ReadTablesAsync());
    }

    [Fact]
    public async Task Revoke_EndsTheKeyAtOnce_AndIsAudited()
    {
        var created = await access.CreateAsync(Role.Operator);
        Assert.Equal(HttpStatusCode.OK, (await access.SendAsync("GET", "/api/v1/runs", created.Text.Text)).Status);

        var (status, _, text) = await access.SendAsync(
            "POST", $"/api/v1/keys/{created.Key.Id}/revoke", Admin, """{"reason":"lost"}""", ("X-Fleet-User", "alex"));

        Assert.Equal((HttpStatusCode.OK, "revoked"), (status, JsonElement.Parse(text).GetProperty("state").GetString()));
        Assert.Equal(HttpStatusCode.Unauthorized, (await access.SendAsync("GET", "/api/v1/runs", created.Text.Text)).Status);
        var (_, _, audit) = await access.SendAsync("GET", $"/api/v1/audit?target={created.Key.Id}", Admin);
        var entry = JsonElement.Parse(audit).GetProperty("items")[0];
        Assert.Equal("key.revoke", entry.GetProperty("action").GetString());
        Assert.Equal("the admin", entry.GetProperty("by").GetProperty("name").GetString());
        Assert.Equal("alex", entry.GetProperty("onBehalfOf").GetString());
        Assert.Equal("lost", entry.GetProperty("reason").GetString());
        Assert.Equal(Admin[4..12], entry.GetProperty("keyId").GetString());
        Assert.Equal(JsonValueKind.Null, Member(entry.GetProperty("before"), "revokedAt").ValueKind);
        Assert.Equal(JsonValueKind.String, Member(entry.GetProperty("after"), "revokedAt").ValueKind);
    }

    /// <summary>It ends, and does not only fall silent.</summary>
    [Fact]
    public async Task Revoke_EndsTheOpenStreamsOfTheKey()
    {
        var created = await access.CreateAsync(Role.Viewer);
        using var http = new HttpClient { BaseAddress = access.Fleet.Http.BaseAddress };
        http.DefaultRequestHeaders.Authorization = new("Bearer", created.Text.Text);
        await using var stream = await http.GetStreamAsync(new Uri("/api/v1/events", UriKind.Relative));

        await access.SendAsync("POST", $"/api/v1/keys/{created.Key.Id}/revoke", Admin, "{}");

        var end = Assert.ThrowsAnyAsync<IOException>(() => stream.CopyToAsync(Stream.Null));
        await end.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
    }

    [Fact]
    public async Task Rotate_BothAreValid_UntilTheOldOneEnds()
    {
        var old = await access.CreateAsync(Role.Viewer);

        var (status, _, text) = await access.SendAsync("POST", $"/api/v1/keys/{old.Key.Id}/rotate", Admin, """{"overlap":"1h"}""");

        var created = JsonElement.Parse(text);
        Assert.Equal(HttpStatusCode.Created, status);
        Assert.Equal(old.Key.Id, created.GetProperty("key").GetProperty("rotatedFrom").GetString());
        Assert.Equal("viewer", created.GetProperty("key").GetProperty("role").GetString());
        Assert.Equal(HttpStatusCode.OK, (await access.SendAsync("GET", "/api/v1/runs", created.GetProperty("text").GetString())).Status);
        Assert.Equal(HttpStatusCode.OK, (await access.SendAsync("GET", "/api/v1/runs", old.Text.Text)).Status);
        await using var db = access.Fleet.Storage.Read();
        var row = await db.ApiKeys.SingleAsync(k => k.Id == old.Key.Id);
        Assert.InRange(row.ExpiresAt - TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(58), TimeSpan.FromHours(1));
        var (again, _, _) = await access.SendAsync("POST", $"/api/v1/keys/{old.Key.Id}/rotate", Admin, """{"overlap":"31d"}""");
        Assert.Equal(HttpStatusCode.BadRequest, again);
    }

    [Fact]
    public async Task WhoAmI_TellsNameRoleAndKey()
    {
        var (_, _, text) = await access.SendAsync("GET", "/api/v1/whoami", access.Key(Role.Submitter));

        var who = JsonElement.Parse(text);
        Assert.Equal("the submitter", who.GetProperty("name").GetString());
        Assert.Equal("submitter", who.GetProperty("role").GetString());
        Assert.Equal(["follow", "submit"], who.GetProperty("permissions").EnumerateArray().Select(p => p.GetString()!));
        Assert.True(who.GetProperty("isProven").GetBoolean());
    }

    [Fact]
    public async Task Import_AKeyThatWasMadeBefore_StoresItOnce()
    {
        var create = access.Fleet.Services.GetRequiredService<CreateKeys>();
        var text = KeyText.New();
        var request = new KeyRequest("compose", "admin");

        Assert.NotNull(await create.ImportAsync(request, text, Somebody.Me, CancellationToken.None));
        Assert.Null(await create.ImportAsync(request, text, Somebody.Me, CancellationToken.None));
        await using var db = access.Fleet.Storage.Read();
        Assert.Equal(1, await db.Audit.CountAsync(e => e.Target == text.Id));

        Assert.Equal(HttpStatusCode.OK, (await access.SendAsync("GET", "/api/v1/keys", text.Text)).Status);
    }

    private static JsonElement Member(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) ? value : JsonElement.Parse("null");
}
