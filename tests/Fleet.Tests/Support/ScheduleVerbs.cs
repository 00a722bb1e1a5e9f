using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Planning;
using Fleet.Core.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Support;

/// <summary>The verbs of schedules over a database that goes away with the test. The schedule of a test is <c>s</c>, its job is
/// <c>note</c>.</summary>
public abstract class ScheduleVerbs(TestDatabase database) : StorageVerbs(database)
{
    /// <summary>The look-ahead of a plan unless a test gives another.</summary>
    protected static readonly TimeSpan LookAhead = TimeSpan.FromSeconds(30);

    /// <summary>The fire times of runs, in seconds since noon.</summary>
    protected static IEnumerable<double> Seconds(IEnumerable<Run> runs) => runs.Select(r => (r.FireTime!.Value - Verbs.Noon).TotalSeconds);

    /// <summary>Stores the schedule with an interval.</summary>
    protected Task<PutResult> PutAsync(string every, MisfirePolicy misfire = MisfirePolicy.RunLatest) =>
        PutAsync(new TriggerSpec { Every = every }, misfire);

    protected Task<PutResult> PutAsync(
        TriggerSpec trigger, MisfirePolicy misfire = MisfirePolicy.RunLatest, string id = "s",
        Func<ScheduleRequest, ScheduleRequest>? with = null)
    {
        var request = new ScheduleRequest { Id = id, Job = "note", Args = """{"text":"planned"}""", Trigger = trigger, Misfire = misfire };
        return Fleet.Get<PutSchedules>().ExecuteAsync(with?.Invoke(request) ?? request, "api", Somebody.Me, CancellationToken.None);
    }

    protected async Task<(int Planned, bool More)> PlanAsync(TimeSpan? lookAhead = null) =>
        await Fleet.Get<PlanOccurrences>().ExecuteAsync(await Fleet.LeadAsync(), lookAhead ?? LookAhead, CancellationToken.None);

    /// <summary>Makes the schedule look as if it had never been planned.</summary>
    protected Task<int> RewindAsync() => Fleet.Storage.WriteAsync(
        scope => scope.Db.Schedules.ExecuteUpdateAsync(
            set => set.SetProperty(s => s.PlannedUntil, Verbs.Noon).SetProperty(s => s.NextPlanAt, Verbs.Noon)),
        CancellationToken.None);

    /// <summary>All runs of the schedule by their fire times.</summary>
    protected Task<List<Run>> OccurrencesAsync() =>
        Fleet.ListAsync(db => db.Runs.Where(r => r.ScheduleId == "s").OrderBy(r => r.FireTime).ThenBy(r => r.CreatedAt));

    protected async Task<IEnumerable<double>> FireSecondsAsync() => Seconds(await OccurrencesAsync());

    protected async Task<Schedule> ScheduleAsync(string id = "s") =>
        Assert.Single(await Fleet.ListAsync(db => db.Schedules.Where(s => s.Id == id)));
}
