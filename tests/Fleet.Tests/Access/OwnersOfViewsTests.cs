using System.Net;
using System.Text.Json;
using Fleet.Core.Access;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Access;

/// <summary>A saved view belongs to the credential that has made it.</summary>
public sealed class OwnersOfViewsTests(AccessFleet access) : IClassFixture<AccessFleet>
{
    private const string Private = """{"query":"state:failed"}""";
    private const string Shared = """{"query":"state:failed","shared":true}""";

    private static readonly (string, string) SameSite = ("Sec-Fetch-Site", "same-origin");
    private static readonly (string, string) AnyVersion = ("If-Match", "*");

    [Fact]
    public async Task Private_IsThereForItsOwnerAlone_NotForAnAdmin()
    {
        await PutAsync("mine", Role.Viewer, Private);

        foreach (var other in new[] { Role.Operator, Role.Admin })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await SendAsync("GET", "mine", other)).Status);
            Assert.Equal((HttpStatusCode.Conflict, "view_taken"), await SendAsync("PUT", "mine", other, Shared));
            Assert.Equal(HttpStatusCode.NotFound, (await SendAsync("DELETE", "mine", other)).Status);
            Assert.DoesNotContain("mine", await NamesAsync(other));
        }

        Assert.Contains("mine", await NamesAsync(Role.Viewer));
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("GET", "mine", Role.Viewer)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync("DELETE", "mine", Role.Viewer)).Status);
    }

    [Fact]
    public async Task Shared_IsSeenByAll_AndChangedByItsOwnerOrAnAdmin()
    {
        await PutAsync("ours", Role.Viewer, Shared);

        Assert.Contains("ours", await NamesAsync(Role.Operator));
        Assert.Equal((HttpStatusCode.Forbidden, "view_of_another"), await SendAsync("PUT", "ours", Role.Operator, Shared));
        Assert.Equal((HttpStatusCode.Forbidden, "view_of_another"), await SendAsync("DELETE", "ours", Role.Operator));
        // Whom a program acts for is not who it is.
        var (claimed, _, _) = await access.SendAsync(
            "PUT", "/api/v1/views/ours", access.Key(Role.Operator), Shared, AnyVersion, ("X-Fleet-User", "the viewer"));
        Assert.Equal(HttpStatusCode.Forbidden, claimed);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("PUT", "ours", Role.Admin, Shared)).Status);
        // Then nobody but the owner would see it.
        Assert.Equal((HttpStatusCode.Forbidden, "view_of_another"), await SendAsync("PUT", "ours", Role.Admin, Private));
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("PUT", "ours", Role.Viewer, Private)).Status);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("PUT", "ours", Role.Viewer, Shared)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync("DELETE", "ours", Role.Admin)).Status);

        await using var db = access.Fleet.Storage.Read();
        Assert.Equal(
            "the viewer view.put, the admin view.put, the viewer view.put, the viewer view.put, the admin view.delete",
            string.Join(", ", (await db.Audit.Where(e => e.Target == "ours").OrderBy(e => e.Id).ToListAsync())
                .Select(e => $"{e.By.Name} {e.Action}")));
    }

    /// <summary>On the page and in the command line somebody is the same.</summary>
    [Fact]
    public async Task Owner_WhoSignsInWithTheKey_IsTheSame()
    {
        var (_, signedIn, _) = await access.SendAsync(
            "POST", "/api/v1/sessions", null, $$"""{"key":"{{access.Key(Role.Operator)}}"}""", SameSite);
        var cookie = ("Cookie", signedIn.GetValues("Set-Cookie").Single().Split(';')[0]);

        Assert.Equal(
            HttpStatusCode.Created, (await access.SendAsync("PUT", "/api/v1/views/paged", null, Private, cookie, SameSite)).Status);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("PUT", "paged", Role.Operator, Shared)).Status);
        var (deleted, _, _) = await access.SendAsync("DELETE", "/api/v1/views/paged", null, null, cookie, SameSite, AnyVersion);
        Assert.Equal(HttpStatusCode.NoContent, deleted);
    }

    private async Task PutAsync(string name, Role role, string body)
    {
        var (status, _, text) = await access.SendAsync("PUT", $"/api/v1/views/{name}", access.Key(role), body);
        Assert.True(status == HttpStatusCode.Created, text);
    }

    private async Task<(HttpStatusCode Status, string? Code)> SendAsync(string method, string name, Role role, string? body = null)
    {
        var headers = method == "GET" ? [] : new[] { AnyVersion };
        var (status, _, text) = await access.SendAsync(method, $"/api/v1/views/{name}", access.Key(role), body, headers);
        return (status, (int)status < 400 ? null : JsonElement.Parse(text).GetProperty("code").GetString());
    }

    private async Task<List<string>> NamesAsync(Role role)
    {
        var (_, _, text) = await access.SendAsync("GET", "/api/v1/views", access.Key(role));
        return [.. JsonElement.Parse(text).GetProperty("items").EnumerateArray().Select(v => v.GetProperty("name").GetString()!)];
    }
}
