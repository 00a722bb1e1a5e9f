namespace Fleet.Tests.Clients;

public abstract partial class ClientConformance
{
    [Fact]
    public async Task PutAsync_NewSchedule_IsStoredAsGiven()
    {
        var request = ScheduleRequest.For(
            Unique("put"), new ClientWord("tick", 1),
            new TriggerSpec
            {
                Cron = "30 2 * * *",
                Zone = "Europe/Berlin",
                StartsAt = new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero),
                Exclude = ["12-25"],
                Jitter = "5m",
            }) with
        {
            Lane = "slow",
            MaxAttempts = 5,
            Tags = ["a"],
            MaxOccurrences = 9,
            Misfire = MisfirePolicy.RunAll,
            MisfireDeadline = "1h",
            Overlap = OverlapPolicy.Queue,
            Labels = new Dictionary<string, string> { ["team"] = "billing" },
        };

        var stored = await Schedules.PutAsync(request, Ct);

        Assert.Equivalent(request, stored.Definition, strict: true);
        Assert.Equal((ScheduleStatus.Running, "api"), (stored.Status, stored.Source));
        Assert.True(stored.NextFireAt > request.Trigger.StartsAt);
        Assert.Equivalent(stored, await Schedules.GetAsync(request.Id, Ct), strict: true);
        Assert.Contains(await Schedules.ListAsync(Ct), s => s.Definition.Id == request.Id);
    }

    [Fact]
    public async Task PutAsync_KnownSchedule_IsChanged()
    {
        var id = Unique("edit");
        var before = await Schedules.PutAsync(Hourly(id), Ct);

        var after = await Schedules.PutAsync(Hourly(id) with { Trigger = new TriggerSpec { Every = "2h" } }, Ct);

        Assert.Equal(("1h", "2h"), (before.Definition.Trigger.Every, after.Definition.Trigger.Every));
        Assert.Single(await Schedules.ListAsync(Ct), s => s.Definition.Id == id);
    }

    [Fact]
    public async Task PauseAndResumeAsync_ChangeTheStatus()
    {
        var id = Unique("pause");
        await Schedules.PutAsync(Hourly(id), Ct);
        var until = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

        var paused = await Schedules.PauseAsync(id, until, "Holidays.", Ct);
        var resumed = await Schedules.ResumeAsync(id, ct: Ct);

        Assert.Equal((ScheduleStatus.Paused, "Holidays.", until), (paused!.Status, paused.StatusReason, paused.ResumeAt));
        Assert.True(paused.NextFireAt > until);
        Assert.Equal(ScheduleStatus.Running, resumed!.Status);
        Assert.Null(resumed.ResumeAt);
    }

    [Fact]
    public async Task TriggerAsync_RunsTheJobNow()
    {
        var id = Unique("trigger");
        await Schedules.PutAsync(Hourly(id), Ct);

        var run = await WaitAsync((await Schedules.TriggerAsync(id, Ct))!.Value);

        Assert.Equal((RunState.Succeeded, "\"TICK\""), (run.State, run.OutputJson));
    }

    [Fact]
    public async Task DeleteAsync_RemovesTheSchedule()
    {
        var id = Unique("delete");
        await Schedules.PutAsync(Hourly(id), Ct);

        Assert.True(await Schedules.DeleteAsync(id, Ct));
        Assert.False(await Schedules.DeleteAsync(id, Ct));
        Assert.Null(await Schedules.GetAsync(id, Ct));
    }

    [Fact]
    public async Task Verbs_NoSuchSchedule_ReturnNull()
    {
        var id = Unique("none");

        Assert.Null(await Schedules.GetAsync(id, Ct));
        Assert.Null(await Schedules.PauseAsync(id, ct: Ct));
        Assert.Null(await Schedules.ResumeAsync(id, ct: Ct));
        Assert.Null(await Schedules.TriggerAsync(id, Ct));
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a%2Fb")]
    [InlineData("a?b#c")]
    [InlineData("a\0b")]
    public async Task Verbs_IdThatNoScheduleCanHave_FindNothing(string id)
    {
        Assert.Null(await Schedules.GetAsync(id, Ct));
        Assert.Null(await Schedules.PauseAsync(id, ct: Ct));
        Assert.Null(await Schedules.ResumeAsync(id, ct: Ct));
        Assert.Null(await Schedules.TriggerAsync(id, Ct));
        Assert.False(await Schedules.DeleteAsync(id, Ct));
    }

    public static TheoryData<string, ScheduleRequest> BadSchedules => new()
    {
        { "id: 'A b/c' is not allowed; ", Hourly("A b/c") },
        { "id: '' is not allowed; ", Hourly("") },
        { "id: '..' is not allowed; ", Hourly("..") },
        { "id: 'a\uFFFDb' is not allowed; ", Hourly("a\nb") },
        { "job: 'client.unknown' is not a known job; ", Hourly("bad") with { Job = "client.unknown" } },
        { "cron: ", Hourly("bad") with { Trigger = new TriggerSpec { Cron = "61 * * * *" } } },
        { "every: the period 'soon' ", Hourly("bad") with { Trigger = new TriggerSpec { Every = "soon" } } },
        { "trigger: it is missing; ", Hourly("bad") with { Trigger = new TriggerSpec() } },
        { "zone: ", Hourly("bad") with { Trigger = new TriggerSpec { Cron = "@daily", Zone = "Mars/Olympus" } } },
        { "maxOccurrences: '0' is not allowed; ", Hourly("bad") with { MaxOccurrences = 0 } },
        { "misfireDeadline: 'x' is not allowed; ", Hourly("bad") with { MisfireDeadline = "x" } },
        { "lane: ", Hourly("bad") with { Lane = "UPPER" } },
        { "labels.team: ", Hourly("bad") with { Labels = new Dictionary<string, string> { ["team"] = new('x', 65) } } },
        { "at: ", Hourly("bad") with { Trigger = new TriggerSpec { At = new DateTimeOffset(2001, 1, 1, 0, 0, 0, TimeSpan.Zero) } } },
    };

    [Theory]
    [MemberData(nameof(BadSchedules), DisableDiscoveryEnumeration = true)]
    public async Task PutAsync_BadField_IsRefusedByName(string message, ScheduleRequest request)
    {
        var e = await Assert.ThrowsAsync<InvalidRunException>(() => Schedules.PutAsync(request, Ct));

        Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
        Assert.Equal(await InProcessErrorAsync(request), WithoutTime(e.Error));
        Assert.Null(await Schedules.GetAsync("bad", Ct));
    }

    [Fact]
    public async Task PauseAsync_UntilThePast_IsRefusedByName()
    {
        var id = Unique("past");
        await Schedules.PutAsync(Hourly(id), Ct);

        var e = await Assert.ThrowsAsync<InvalidRunException>(
            () => Schedules.PauseAsync(id, new DateTimeOffset(2001, 1, 1, 0, 0, 0, TimeSpan.Zero), ct: Ct));

        Assert.StartsWith("until: '2001-01-01T00:00:00.0000000+00:00' is not allowed; ", e.Message, StringComparison.Ordinal);
    }

    private static ScheduleRequest Hourly(string id) => ScheduleRequest.For(id, new ClientWord("tick"), new TriggerSpec { Every = "1h" });

    private async Task<InputError> InProcessErrorAsync(ScheduleRequest request) => WithoutTime(
        (await Assert.ThrowsAsync<InvalidRunException>(() => fleet.Fleet.Schedules.PutAsync(request, Ct))).Error);

    /// <summary>An error of a trigger that is over says since when.</summary>
    private static InputError WithoutTime(InputError error) =>
        error.Code == "never_fires" ? error with { Message = error.Message.Split(" after ")[0] } : error;
}
