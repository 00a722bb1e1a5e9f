using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Fleet.Core.Jobs;
using Fleet.Core.Lanes;
using Fleet.Core.Rules;
using Fleet.Core.Runs;
using Fleet.Engine.Diagnostics;
using Fleet.Engine.Workers;
using Fleet.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Lanes;

/// <summary>Names that no lane may have, at every entrance, and how many lanes there may be.</summary>
public sealed class LaneNamesTests
{
    [Theory]
    [InlineData("parked")]
    [InlineData("control")]
    [InlineData("events")]
    [InlineData("lanes")]
    [InlineData("belt")]
    [InlineData("belt.0")]
    [InlineData("belt.9")]
    [InlineData("belt.x.y")]
    [InlineData("again.0")]
    [InlineData("control.0")]
    [InlineData("early")]
    [InlineData("dead")]
    [InlineData("reports.dead")]
    [InlineData("a.b.dead")]
    public void CheckLane_NameOfFleetsOwn_IsRefusedByName(string lane)
    {
        var error = RunRules.CheckLane(lane);

        Assert.StartsWith(
            $"lane: '{lane}' is not allowed, because Fleet uses that name itself; reserved are parked, ", error?.Message,
            StringComparison.Ordinal);
        Assert.True(RunRules.IsReserved(lane.ToUpperInvariant()));
    }

    [Theory]
    [InlineData("Parked")]
    [InlineData("default:early")]
    [InlineData("parked\n")]
    [InlineData(" parked")]
    [InlineData("pаrked")]
    public void CheckLane_LikeAReservedName_IsRefusedForItsCharacters(string lane) =>
        Assert.Contains("lower-case letters", RunRules.CheckLane(lane)?.Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("default")]
    [InlineData("parked.cars")]
    [InlineData("events-eu")]
    [InlineData("belts")]
    [InlineData("lane")]
    [InlineData("deadline")]
    [InlineData("x.dead.y")]
    [InlineData("dead-letters")]
    public void CheckLane_Neighbour_IsAllowed(string lane) => Assert.Null(RunRules.CheckLane(lane));

    [Fact]
    public void Start_ReservedLaneInTheSettings_IsRefused()
    {
        Assert.Contains(
            "'parked' is not allowed", Assert.Single(new WorkerOptions { Lanes = new() { ["parked"] = 4 } }.Check()),
            StringComparison.Ordinal);
        Assert.Contains(
            "'x.dead' is not allowed", Assert.Throws<InvalidOperationException>(() => JobDefinition.For(typeof(OnADeadLaneJob))).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Schedules:s:Job=diag.echo", "Schedules:s:Every=1h", "Schedules:s:Lane=belt.1")]
    public async Task Start_ReservedLaneOfASchedule_IsRefused(params string[] settings)
    {
        var error = await Assert.ThrowsAsync<FleetStartException>(
            () => ScriptedFleet.StartAsync(Script.Of(_ => { }), settings: settings));
        Assert.StartsWith("Fleet:Schedules:s:Lane:", error.Message, StringComparison.Ordinal);

        var refused = await Assert.ThrowsAnyAsync<Exception>(() => ScriptedFleet.StartAsync(
            Script.Of(_ => { }), configure: services =>
                services.AddFleetSchedules(s => s.Every("s", "1h", new Ledger("k"), with: r => r with { Lane = "belt.1" }))));
        Assert.Contains("lane: 'belt.1' is not allowed", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Entrances_ReservedLane_IsRefusedAtEach()
    {
        await using var fleet = await ScriptedFleet.StartAsync(Script.Of(_ => { }));

        await RefusedAsync(fleet.Http.PostAsJsonAsync("/api/v1/runs", new { job = "diag.echo", lane = "parked" }));
        await RefusedAsync(fleet.Http.PutAsJsonAsync("/api/v1/schedules/s", new { job = "diag.echo", every = "1h", lane = "parked" }));
        Assert.Contains("'parked'", (await Assert.ThrowsAsync<InvalidRunException>(
            () => fleet.Client.EnqueueAsync(new Ledger("k"), new EnqueueOptions { Lane = "parked" }))).Message, StringComparison.Ordinal);
        var submitted = new SubmittedRun("default", "diag.echo", "{}", new EnqueueOptions { Lane = "parked" }, null);
        Assert.Contains("'parked'", (await Assert.ThrowsAsync<MessageRefusedException>(
            () => fleet.Services.GetRequiredService<SubmitRuns>().ExecuteAsync(submitted, default))).Message, StringComparison.Ordinal);

        static async Task RefusedAsync(Task<HttpResponseMessage> sent)
        {
            using var answer = await sent;
            Assert.Equal(System.Net.HttpStatusCode.BadRequest, answer.StatusCode);
            var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
            Assert.Equal(("lane", "parked"), (problem["field"]!.GetValue<string>(), problem["value"]!.GetValue<string>()));
        }
    }

    [Fact]
    public async Task Entrances_OneLaneTooMany_IsRefusedAndKnownOnesGoOn()
    {
        // The worker's lane is the first.
        await using var fleet = await ScriptedFleet.StartAsync(
            Script.Of(_ => { }), settings: ["Worker:Lanes:default=4", "Transport:MaxLanes=2"]);
        await fleet.Client.EnqueueAsync(new Ledger("k"), new EnqueueOptions { Lane = "one" });

        var error = await Assert.ThrowsAsync<InvalidRunException>(
            () => fleet.Client.EnqueueAsync(new Ledger("k"), new EnqueueOptions { Lane = "two" }));
        Assert.Equal(("too_many_lanes", "two"), (error.Error.Code, error.Error.Value));
        using var answer = await fleet.Http.PutAsJsonAsync(
            "/api/v1/schedules/s", new { job = "diag.ledger", args = new { key = "k" }, every = "1h", lane = "two" });
        Assert.Contains("too_many_lanes", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var submitted = new SubmittedRun("two", "diag.ledger", """{"key":"k"}""", new EnqueueOptions(), null);
        await Assert.ThrowsAsync<MessageRefusedException>(
            () => fleet.Services.GetRequiredService<SubmitRuns>().ExecuteAsync(submitted, default));
        await fleet.Client.EnqueueAsync(new Ledger("k"), new EnqueueOptions { Lane = "one" });
        await fleet.Client.EnqueueAsync(new Ledger("k"));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("10001")]
    [InlineData("many")]
    public void Setting_OutOfRange_IsNamed(string value)
    {
        var error = AddedFleet.Refuse([new("Fleet:Transport:MaxLanes", value)]);

        Assert.Equal($"Fleet:Transport:MaxLanes: '{value}' is not allowed; allowed is 1–10000.", error);
    }

    [Fact]
    public async Task Submit_ErrorThatIsNeitherRefusalNorOutage_IsLeftToTheTransport()
    {
        var broken = false;
        await using var fleet = await ScriptedFleet.StartAsync(
            Script.Of(_ => { }),
            configure: services => StorageSpy.AddTo(services, "AutocommitAsync", () =>
            {
                if (broken)
                    throw new InvalidOperationException("nobody expected this");
            }));
        var submit = fleet.Services.GetRequiredService<SubmitRuns>();
        broken = true;

        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => submit.ExecuteAsync(new SubmittedRun("default", "diag.ledger", """{"key":"k"}""", new EnqueueOptions(), null), default));

        broken = false;
        Assert.False(submit.IsOutage(error));
        Assert.True(submit.IsOutage(new FleetBusyException(TimeSpan.FromSeconds(1))));
    }

    [Job("lanes.dead", Lane = "x.dead")]
    public sealed record OnADeadLane;

    public sealed class OnADeadLaneJob : IJob<OnADeadLane>
    {
        public Task RunAsync(OnADeadLane args, JobContext context, CancellationToken ct) => Task.CompletedTask;
    }
}
