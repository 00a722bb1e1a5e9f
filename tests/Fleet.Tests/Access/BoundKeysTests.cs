using System.Net;
using System.Text.Json;
using Fleet.Core.Access;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Access;

/// <summary>Keys that are bound to lanes see nothing of others, counts included; submitters see their own runs.</summary>
public sealed class BoundKeysTests(AccessFleet access) : IClassFixture<AccessFleet>
{
    private string Operator => access.Key(Role.Operator);

    [Fact]
    public async Task Bound_Lists_AndCounts_HaveTheirLanesAlone()
    {
        await EnqueueAsync("mail");
        await EnqueueAsync("secret-lane");
        await PutScheduleAsync("bound-mail", "mail");
        await PutScheduleAsync("bound-secret", "secret-lane");
        var key = await BoundAsync(Role.Operator);

        foreach (var route in Route.All(access.Fleet).Where(r => r.Method == "GET"))
        {
            var (status, _, text) = await access.SendAsync("GET", route.Path, key);
            Assert.False(text.Contains("secret-lane", StringComparison.Ordinal), $"{route}: {text}");
            Assert.True((int)status < 500, $"{route}: {status} {text}");
        }

        var (_, _, all) = await access.SendAsync("GET", "/api/v1/runs/count", Operator);
        var (_, _, own) = await access.SendAsync("GET", "/api/v1/runs/count", key);
        var (_, _, mail) = await access.SendAsync("GET", "/api/v1/runs/count?lane=mail", Operator);
        Assert.Equal(Value(mail), Value(own));
        Assert.True(Value(own) < Value(all));
        var (_, _, other) = await access.SendAsync("GET", "/api/v1/runs/count?q=lane:secret-lane", key);
        Assert.Equal(0, Value(other));
    }

    [Fact]
    public async Task Bound_ThingsOfOtherLanes_AreNotThere_WhateverIsAsked()
    {
        var run = await EnqueueAsync("secret-lane");
        await PutScheduleAsync("hidden", "secret-lane");
        var key = await BoundAsync(Role.Operator);
        var before = await access.Fleet.Storage.ReadTablesAsync();
        var wrong = new List<string>();

        foreach (var route in Route.All(access.Fleet))
        {
            var path = route.Path
                .Replace("01938f3c-0000-7000-8000-000000000000", run, StringComparison.Ordinal)
                .Replace("/schedules/nightly-report", "/schedules/hidden", StringComparison.Ordinal)
                .Replace("/lanes/mail", "/lanes/secret-lane", StringComparison.Ordinal);
            if (path == route.Path || path.Contains("/workers/", StringComparison.Ordinal))
                continue;
            var (status, _, text) = await access.SendAsync(route.Method, path, key, route.Body, ("If-Match", "*"));
            if (status != HttpStatusCode.NotFound)
                wrong.Add($"{route.Method} {path}: {(int)status} {text}");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal(before, await access.Fleet.Storage.ReadTablesAsync());
    }

    [Theory]
    [InlineData("POST", "/api/v1/runs", """{"job":"diag.echo","args":{"text":"x"},"lane":"other"}""")]
    [InlineData("POST", "/api/v1/runs", """{"job":"diag.echo","args":{"text":"x"}}""")]
    [InlineData(
        "POST", "/api/v1/runs/batch",
        """{"runs":[{"job":"diag.echo","args":{"text":"x"},"lane":"mail"},{"job":"diag.echo","args":{"text":"x"},"lane":"other"}]}""")]
    [InlineData("PUT", "/api/v1/schedules/mine", """{"job":"diag.echo","args":{"text":"x"},"lane":"other","cron":"0 3 * * *"}""")]
    [InlineData("PUT", "/api/v1/schedules/mine", """{"job":"diag.echo","args":{"text":"x"},"cron":"0 3 * * *"}""")]
    public async Task Bound_Changes_ThatNameAnotherLane_OrLeaveItToTheJob_AreForbidden(string method, string path, string body)
    {
        var key = await BoundAsync(Role.Operator);
        var before = await access.Fleet.Storage.ReadTablesAsync();

        var (status, _, text) = await access.SendAsync(method, path, key, body);

        Assert.Equal((HttpStatusCode.Forbidden, "lane_forbidden"), (status, JsonElement.Parse(text).GetProperty("code").GetString()));
        Assert.Equal(before, await access.Fleet.Storage.ReadTablesAsync());
        // What is named is stored with the next enqueue.
        await EnqueueAsync("mail");
        await using var db = access.Fleet.Storage.Read();
        Assert.False(await db.Lanes.AnyAsync(l => l.Name == "other"));
    }

    [Fact]
    public async Task Bound_OwnLane_MayBeUsed()
    {
        var key = await BoundAsync(Role.Operator);

        var (enqueued, _, text) = await access.SendAsync(
            "POST", "/api/v1/runs", key, """{"job":"diag.echo","args":{"text":"x"},"lane":"mail","delay":"1h"}""");
        var id = JsonElement.Parse(text).GetProperty("id").GetString();
        var (seen, _, _) = await access.SendAsync("GET", $"/api/v1/runs/{id}", key);
        var (canceled, _, _) = await access.SendAsync("POST", $"/api/v1/runs/{id}/cancel", key, "{}");

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.OK), (enqueued, seen));
        Assert.True((int)canceled < 300);
    }

    [Fact]
    public async Task Bound_Admin_CannotBeMade()
    {
        var (status, _, text) = await access.SendAsync(
            "POST", "/api/v1/keys", access.Key(Role.Admin), """{"name":"x","role":"admin","lanes":["mail"]}""");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("/lanes", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submitter_SeesTheRunsThatItHasEnqueued_AndNoOthers()
    {
        var other = await EnqueueAsync("default");
        var key = access.Key(Role.Submitter);

        var (_, _, text) = await access.SendAsync("POST", "/api/v1/runs", key, """{"job":"diag.echo","args":{"text":"mine"}}""");
        var id = JsonElement.Parse(text).GetProperty("id").GetString();

        foreach (var part in new[] { "", "/args", "/log", "/logs", "/explain" })
        {
            Assert.Equal(HttpStatusCode.OK, (await access.SendAsync("GET", $"/api/v1/runs/{id}{part}", key)).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await access.SendAsync("GET", $"/api/v1/runs/{other}{part}", key)).Status);
        }

        Assert.Equal(HttpStatusCode.OK, (await access.SendAsync("GET", $"/api/v1/events?run={id}", key)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await access.SendAsync("GET", $"/api/v1/events?run={other}", key)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await access.SendAsync("GET", $"/api/v1/events?topics=figures&run={id}", key)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await access.SendAsync("GET", "/api/v1/runs", key)).Status);
    }

    private static long Value(string count) => JsonElement.Parse(count).GetProperty("value").GetInt64();

    private async Task<string> BoundAsync(Role role) => (await access.CreateAsync(role, lanes: ["mail"])).Text.Text;

    private async Task<string> EnqueueAsync(string lane)
    {
        var (status, _, text) = await access.SendAsync(
            "POST", "/api/v1/runs", Operator, $$"""{"job":"diag.echo","args":{"text":"x"},"lane":"{{lane}}","delay":"1h"}""");
        Assert.True(status == HttpStatusCode.Accepted, text);
        return JsonElement.Parse(text).GetProperty("id").GetString()!;
    }

    private async Task PutScheduleAsync(string id, string lane)
    {
        var (status, _, text) = await access.SendAsync(
            "PUT", $"/api/v1/schedules/{id}", Operator,
            $$"""{"job":"diag.echo","args":{"text":"x"},"lane":"{{lane}}","cron":"0 3 * * *"}""", ("If-Match", "*"));
        Assert.True((int)status is 200 or 201 or 412, text);
        if ((int)status == 412)
        {
            (status, _, text) = await access.SendAsync(
                "PUT", $"/api/v1/schedules/{id}", Operator,
                $$"""{"job":"diag.echo","args":{"text":"x"},"lane":"{{lane}}","cron":"0 3 * * *"}""", ("If-None-Match", "*"));
            Assert.True((int)status == 201, text);
        }
    }
}
