namespace Fleet.Tests.Api;

/// <summary>ETag, <c>If-Match</c> and <c>If-None-Match</c> of what people edit.</summary>
[Collection(ApiFleet.Shared)]
public sealed class PreconditionsTests(ApiFleet api)
{
    private const string Daily = """{"job":"diag.echo","every":"1d"}""";
    private const string Hourly = """{"job":"diag.echo","every":"1h"}""";

    [Fact]
    public async Task Put_StoredAndNotSaidWhichVersion_IsRefusedWith428()
    {
        const string path = "/api/v1/schedules/etag.unsaid";
        var created = await api.SendAsync("PUT", path, Daily);
        Assert.Equal(201, created.Status);
        // What is stored already overwrites nothing.
        Assert.Equal(200, (await api.SendAsync("PUT", path, Daily)).Status);

        var refused = await api.SendAsync("PUT", path, Hourly);

        Assert.Equal((428, "precondition_required", "If-Match"), (refused.Status, refused["code"], refused["field"]));
        Assert.Equal("1d", (await api.SendAsync("GET", path))["every"]);
        Assert.Equal(428, (await api.SendAsync("DELETE", path, ifMatch: "")).Status);
        Assert.Equal(200, (await api.SendAsync("PUT", path, Hourly, ifMatch: "*")).Status);
        Assert.Equal(204, (await api.SendAsync("DELETE", path)).Status);
    }

    [Fact]
    public async Task Put_DryRun_AsksForTheSameVersionAsTheEdit()
    {
        const string path = "/api/v1/schedules/etag.dry";
        var created = await api.SendAsync("PUT", path, Daily);

        var unsaid = await api.SendAsync("PUT", path + "?dryRun=true", Hourly);
        var stale = await api.SendAsync("PUT", path + "?dryRun=true", Hourly, ifMatch: "\"x\"");
        var said = await api.SendAsync("PUT", path + "?dryRun=true", Hourly, ifMatch: created.ETag);

        Assert.Equal((428, 412, 200), (unsaid.Status, stale.Status, said.Status));
        Assert.Equal(200, (await api.SendAsync("PUT", path + "?dryRun=true", Daily)).Status);
        Assert.Equal(428, (await api.SendAsync("DELETE", path + "?dryRun=true", ifMatch: "")).Status);
        Assert.Equal("1d", (await api.SendAsync("GET", path))["every"]);
        Assert.Equal(204, (await api.SendAsync("DELETE", path)).Status);
    }

    [Theory]
    [InlineData("resume")]
    [InlineData("start")]
    public async Task Resume_OfAScheduleThatRuns_KeepsItsVersion(string verb)
    {
        var path = "/api/v1/schedules/etag." + verb;
        var created = await api.SendAsync("PUT", path, Daily);

        var same = await api.SendAsync("POST", $"{path}/{verb}");

        Assert.Equal((200, created["version"]), (same.Status, same["version"]));
        Assert.Equal(204, (await api.SendAsync("DELETE", path)).Status);
    }

    [Fact]
    public async Task Put_ChangedByAnotherMeanwhile_IsRefusedWith412AndWhatIsStored()
    {
        const string path = "/api/v1/schedules/etag.raced";
        var read = await api.SendAsync("PUT", path, Daily);
        var changed = await api.SendAsync("PUT", path, Hourly, ifMatch: read.ETag);
        Assert.Equal(200, changed.Status);

        var refused = await api.SendAsync("PUT", path, """{"job":"diag.echo","every":"2h"}""", ifMatch: read.ETag);

        Assert.Equal((412, "precondition_failed"), (refused.Status, refused["code"]));
        Assert.Equal("1h", refused.Json.GetProperty("current").GetProperty("every").GetString());
        Assert.Equal(changed.ETag, refused.ETag);
        // The same request again, whose answer was lost, is no conflict.
        Assert.Equal(200, (await api.SendAsync("PUT", path, Hourly, ifMatch: read.ETag)).Status);
        Assert.Equal(412, (await api.SendAsync("DELETE", path, ifMatch: read.ETag)).Status);
        Assert.Equal(412, (await api.SendAsync("POST", path + "/pause", ifMatch: read.ETag)).Status);
        Assert.Equal(412, (await api.SendAsync("POST", path + "/trigger", ifMatch: read.ETag)).Status);
        Assert.Equal(412, (await api.SendAsync("PUT", path, Daily, ifMatch: "W/" + refused.ETag)).Status);
        Assert.Equal(200, (await api.SendAsync("PUT", path, Daily, ifMatch: $"\"x\", \"{changed["version"]}\"")).Status);
        Assert.Equal(204, (await api.SendAsync("DELETE", path)).Status);
        var gone = await api.SendAsync("PUT", path, Daily, ifMatch: "*");
        Assert.Equal((412, ""), (gone.Status, gone["current"] ?? ""));
    }

    [Fact]
    public async Task Put_IfNoneMatch_OnlyCreates()
    {
        const string path = "/api/v1/schedules/etag.created";
        Assert.Equal(201, (await api.SendAsync("PUT", path, Daily, ifNoneMatch: "*")).Status);

        var again = await api.SendAsync("PUT", path, Daily, ifNoneMatch: "*");

        Assert.Equal((412, "If-None-Match"), (again.Status, again["field"]));
        Assert.Equal(204, (await api.SendAsync("DELETE", path)).Status);
    }

    [Fact]
    public async Task Pause_WithoutIfMatch_IsDone_AndIsAnotherVersion()
    {
        const string path = "/api/v1/schedules/etag.paused";
        var created = await api.SendAsync("PUT", path, Daily);

        var paused = await api.SendAsync("POST", path + "/pause");

        Assert.Equal(200, paused.Status);
        Assert.NotEqual(created["version"], paused["version"]);
        Assert.Equal(200, (await api.SendAsync("POST", path + "/resume", ifMatch: paused.ETag)).Status);
        Assert.Equal(204, (await api.SendAsync("DELETE", path)).Status);
    }

    [Fact]
    public async Task Get_HasThisAnswer_304_AndPlanningChangesNoVersion()
    {
        const string path = "/api/v1/schedules/etag.ticking";
        await api.SendAsync("PUT", path, """{"job":"diag.echo","every":"1s"}""");
        var first = await api.SendAsync("GET", path);
        await Support.Waiting.UntilAsync(async () => (await api.SendAsync("GET", path)).ETag != first.ETag);

        // It has fired meanwhile: another answer, and the same version.
        Assert.Equal(200, (await api.SendAsync("GET", path, ifNoneMatch: first.ETag)).Status);
        Assert.Equal(first["version"], (await api.SendAsync("GET", path))["version"]);
        var stopped = await api.SendAsync("POST", path + "/stop", ifMatch: first.ETag);
        Assert.Equal(200, stopped.Status);
        await Support.Waiting.UntilAsync(async () =>
        {
            var known = (await api.SendAsync("GET", path)).ETag;
            return await api.SendAsync("GET", path, ifNoneMatch: known) is { Status: 304, Text: "" };
        });
        Assert.Equal(204, (await api.SendAsync("DELETE", path)).Status);
    }

    [Theory]
    [InlineData("1", null, "invalid_if_match")]
    [InlineData("\"a\", *", null, "invalid_if_match")]
    [InlineData("\"a", null, "invalid_if_match")]
    [InlineData(null, "\"a\"", "invalid_if_none_match")]
    [InlineData("*", "*", "invalid_if_none_match")]
    public async Task Put_HeaderThatCannotBeRead_400(string? ifMatch, string? ifNoneMatch, string code)
    {
        var answer = await api.SendAsync("PUT", "/api/v1/schedules/etag.odd", Daily, ifMatch: ifMatch, ifNoneMatch: ifNoneMatch);
        Assert.Equal((400, code), (answer.Status, answer["code"]));
    }
}
