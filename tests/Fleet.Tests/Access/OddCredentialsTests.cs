using System.Net;
using Fleet.Core.Access;
using Fleet.Tests.Api;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Access;

/// <summary>The odd values of <see cref="OddInputTests"/> with each kind of credential and with none: no error of the server's own, and
/// nothing is changed by those who may not change it.</summary>
public sealed class OddCredentialsTests
{
    [Fact]
    public async Task Send_OddValues_ByThoseWhoMayChangeNothing_ChangeNothing()
    {
        await using var access = await AccessFleet.StartAsync([new("Fleet:Api:Limits:FailedSignIns", "1000000")]);
        var expired = await access.CreateAsync(Role.Admin, TimeSpan.FromMinutes(1));
        var revoked = await access.CreateAsync(Role.Admin);
        await access.Fleet.Services.GetRequiredService<RevokeKeys>().ExecuteAsync(revoked.Key.Id, null, Somebody.Me, default);
        await access.Fleet.Storage.WriteAsync(
            s => s.Db.ApiKeys.Where(k => k.Id == expired.Key.Id).ExecuteUpdateAsync(
                set => set.SetProperty(k => k.ExpiresAt, TimeProvider.System.GetUtcNow().AddSeconds(-1))),
            CancellationToken.None);
        await access.PrepareAsync();
        var before = await access.Fleet.Storage.ReadContentsAsync();

        await SendAllAsync(
            access,
            [null, expired.Text.Text, revoked.Text.Text, access.Key(Role.Metrics)],
            (request, key, status) => request.Contract!.Permission == Permission.None || status == HttpStatusCode.BadRequest
                || status == (key == access.Key(Role.Metrics) ? HttpStatusCode.Forbidden : HttpStatusCode.Unauthorized)
                || (key == access.Key(Role.Metrics) && request.Contract.Permission is Permission.Any or Permission.Measure)
                // What is not well formed may find no route.
                || status is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed);

        Assert.Equal(before, await access.Fleet.Storage.ReadContentsAsync());
    }

    [Fact]
    public async Task Send_OddValues_ByThoseWhoMay_NeverAnswersAServerError()
    {
        await using var access = await AccessFleet.StartAsync([]);
        var bound = await access.CreateAsync(Role.Operator, lanes: ["mail"]);
        await access.PrepareAsync();

        await SendAllAsync(
            access,
            [access.Key(Role.Viewer), access.Key(Role.Submitter), bound.Text.Text, access.Key(Role.Operator), access.Key(Role.Admin)],
            (_, _, _) => true);
    }

    /// <summary>Each request is sent with two of the credentials, in turn.</summary>
    private static async Task SendAllAsync(
        AccessFleet access, string?[] keys, Func<OddInputTests.Request, string?, HttpStatusCode, bool> isExpected)
    {
        var requests = OddInputTests.All(access.Fleet, RunId.New(DateTimeOffset.UnixEpoch).ToString());
        var turns = requests.SelectMany((request, i) => new[] { (request, keys[i % keys.Length]), (request, keys[(i + 1) % keys.Length]) });
        using var changes = new SemaphoreSlim(1);
        var wrong = new System.Collections.Concurrent.ConcurrentBag<string>();
        await Parallel.ForEachAsync(turns, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (turn, ct) =>
        {
            var (request, key) = turn;
            var isChange = request.Method != "GET";
            if (isChange)
                await changes.WaitAsync(ct);
            try
            {
                var (status, _, text) = await access.SendAsync(request.Method, request.Path, key, request.Body);
                var isTooMany = text.Contains("too_many_streams", StringComparison.Ordinal);
                if (((int)status >= 500 && !isTooMany) || !isExpected(request, key, status))
                    wrong.Add($"{request.Method} {request.Path} {request.Body} as {key?[..12] ?? "nobody"}: {(int)status} {text}");
            }
            finally
            {
                if (isChange)
                    changes.Release();
            }
        });

        Assert.True(wrong.IsEmpty, string.Join('\n', wrong.Order(StringComparer.Ordinal).Take(20)));
    }
}
