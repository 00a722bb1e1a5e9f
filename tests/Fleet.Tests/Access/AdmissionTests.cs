using System.Net;
using System.Text.Json;
using Fleet.Core.Access;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Access;

/// <summary>Who is let in where: every route, with every role, and with no credential or a wrong one.</summary>
public sealed class AdmissionTests(AccessFleet access) : IClassFixture<AccessFleet>
{
    /// <summary>Written down here once more, so that a change of the table is one that somebody meant.</summary>
    private static readonly Dictionary<Permission, Role[]> Expected = new()
    {
        [Permission.None] = [Role.Viewer, Role.Submitter, Role.Operator, Role.Admin, Role.Metrics],
        [Permission.Any] = [Role.Viewer, Role.Submitter, Role.Operator, Role.Admin, Role.Metrics],
        [Permission.View] = [Role.Viewer, Role.Operator, Role.Admin],
        [Permission.Follow] = [Role.Viewer, Role.Submitter, Role.Operator, Role.Admin],
        [Permission.Measure] = [Role.Viewer, Role.Operator, Role.Admin, Role.Metrics],
        [Permission.Submit] = [Role.Submitter, Role.Operator, Role.Admin],
        [Permission.Operate] = [Role.Operator, Role.Admin],
        [Permission.Administer] = [Role.Admin],
    };

    /// <summary>Anyone may ask these, also without a credential.</summary>
    private static readonly string[] Anonymous = ["signIn"];

    [Fact]
    public async Task EveryRoute_EveryRole_IsAdmittedOrForbidden()
    {
        var wrong = new List<string>();
        var routes = Route.All(access.Fleet);
        Assert.True(routes.Count > 55, $"{routes.Count} routes");
        foreach (var route in routes)
        {
            foreach (var role in Enum.GetValues<Role>())
            {
                var (status, _, text) = await access.SendAsync(route.Method, route.Path, access.Key(role), route.Body);
                var expected = Expected[route.Contract.Permission].Contains(role) && !MayNot(role, route);
                // What is admitted may find nothing to do, or a view that another role has made; that is not looked at here.
                var isForbidden = status == HttpStatusCode.Forbidden && !text.Contains("view_of_another", StringComparison.Ordinal);
                var isUnknown = status == HttpStatusCode.Unauthorized && route.Contract.Name != "signIn";
                if (expected == isForbidden || isUnknown || (int)status >= 500)
                    wrong.Add($"{route} as {role}: {(int)status} {text}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public async Task EveryRoute_WithoutACredentialThatIsValid_Is401_AndChangesNothing()
    {
        var expired = await access.CreateAsync(Role.Admin, TimeSpan.FromMinutes(1));
        var revoked = await access.CreateAsync(Role.Admin);
        var revoke = access.Fleet.Services.GetRequiredService<RevokeKeys>();
        await revoke.ExecuteAsync(revoked.Key.Id, null, Somebody.Me, CancellationToken.None);
        await access.Fleet.Storage.WriteAsync(
            s => s.Db.ApiKeys.Where(k => k.Id == expired.Key.Id).ExecuteUpdateAsync(
                set => set.SetProperty(k => k.ExpiresAt, TimeProvider.System.GetUtcNow().AddSeconds(-1))),
            CancellationToken.None);
        var another = KeyText.New();
        // Its id exists, and its secret is another.
        var (id, secret) = (access.Key(Role.Admin)[4..12], another.Text[13..56]);
        var admin = access.Key(Role.Admin);
        string?[] credentials =
        [
            null, "", "flt_", "x", another.Text, expired.Text.Text, revoked.Text.Text, $"flt_{id}_{secret}AAAAAA", admin + "\0",
            admin[..^1],
        ];
        var before = await access.Fleet.Storage.ReadTablesAsync();
        var wrong = new List<string>();
        foreach (var route in Route.All(access.Fleet).Where(r => !Anonymous.Contains(r.Contract.Name)))
        {
            foreach (var credential in credentials)
            {
                var (status, headers, text) = await access.SendAsync(route.Method, route.Path, credential, route.Body);
                var isRefusedEarly = status == HttpStatusCode.BadRequest && credential?.Contains('\0', StringComparison.Ordinal) is true;
                if (!isRefusedEarly && (status != HttpStatusCode.Unauthorized || headers.WwwAuthenticate.Count == 0))
                    wrong.Add($"{route} with {credential ?? "nothing"}: {(int)status} {text}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal(before, await access.Fleet.Storage.ReadTablesAsync());
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    [InlineData("OPTIONS")]
    [InlineData("TRACE")]
    public async Task EveryPath_WithAMethodThatReads_ChangesNothing(string method)
    {
        await access.PrepareAsync();
        var cookie = await access.SignInAsync(Role.Admin);
        var before = await access.Fleet.Storage.ReadContentsAsync();
        var wrong = new List<string>();

        foreach (var path in Route.All(access.Fleet).Select(r => r.Path).Distinct(StringComparer.Ordinal))
        {
            foreach (var (key, header) in new[] { (access.Key(Role.Admin), ("X-Nothing", "")), (null, ("Cookie", cookie)) })
            {
                var (status, _, text) = await access.SendAsync(method, path, key, null, header, ("X-HTTP-Method-Override", "DELETE"));
                // Nobody may be talked into showing a header of the request by TRACE.
                if ((int)status >= 500 || (method == "TRACE" && (int)status < 400))
                    wrong.Add($"{method} {path}: {status} {text}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal(before, await access.Fleet.Storage.ReadContentsAsync());
    }

    [Fact]
    public void Roles_AreThoseThatAreWrittenDown() => Assert.Equal(
        Expected.ToDictionary(e => e.Key, e => string.Join(' ', e.Value)),
        Enum.GetValues<Permission>().ToDictionary(p => p, p => string.Join(' ', Roles.With(p))));

    [Fact]
    public void Anonymous_AreTheOnesThatAreWrittenDown() => Assert.Equal(
        Anonymous, Route.All(access.Fleet).Where(r => r.Contract.Permission == Permission.None).Select(r => r.Contract.Name));

    /// <summary>The others that are no GET change nothing, or something of the caller's own.</summary>
    [Fact]
    public void Changes_NeedMoreThanToView() => Assert.Equal(
        ["deleteView", "diffSchedule", "endSession", "putView", "signIn", "signOut"],
        Route.All(access.Fleet)
            .Where(r => r.Method != "GET"
                && r.Contract.Permission is not (Permission.Submit or Permission.Operate or Permission.Administer))
            .Select(r => r.Contract.Name).Order(StringComparer.Ordinal));

    [Fact]
    public async Task Forbidden_NamesTheRoleAndThoseThatMay()
    {
        var (_, _, text) = await access.SendAsync("POST", "/api/v1/lanes/mail/pause", access.Key(Role.Viewer), "{}");

        var problem = JsonElement.Parse(text);
        Assert.Equal("forbidden", problem.GetProperty("code").GetString());
        Assert.Equal("the viewer has the role viewer; this needs operator or admin.", problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Problems_AndHealth_AreAnsweredToAnyone_WithoutDetails()
    {
        Assert.Equal(HttpStatusCode.OK, (await access.SendAsync("GET", "/problems/unauthenticated", key: null)).Status);
        var (status, _, bare) = await access.SendAsync("GET", "/health/ready", key: null);
        var (_, _, full) = await access.SendAsync("GET", "/health/ready", access.Key(Role.Metrics));

        Assert.Equal((HttpStatusCode.OK, """{"status":"UP"}"""), (status, bare));
        Assert.Contains("\"database\"", full, StringComparison.Ordinal);
    }

    /// <summary>What a role may not do to this thing, although it may do it to others.</summary>
    private static bool MayNot(Role role, Route route) => role == Role.Submitter && route.Contract.Name == "streamEvents";
}
