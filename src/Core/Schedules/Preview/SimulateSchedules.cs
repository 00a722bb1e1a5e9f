using Fleet.Core.Jobs;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Triggers;

namespace Fleet.Core.Schedules.Preview;

/// <summary>Simulates the running schedules, assuming that nobody changes them. Changes nothing.</summary>
public sealed class SimulateSchedules(GetSchedules schedules, MeanDurations durations, JobCatalog catalog, TimeProvider time)
{
    /// <param name="range">The range of fire times.</param>
    /// <param name="ct">Cancels it.</param>
    /// <returns>The simulation. Schedules whose row cannot be parsed are left out; the planner stops those.</returns>
    public async Task<Simulation> ExecuteAsync(PreviewRange range, CancellationToken ct)
    {
        var means = await durations.ReadAsync(ct);
        var simulated = new List<SimulatedSchedule>();
        var now = time.GetUtcNow();
        foreach (var (schedule, status, _, _, _, _) in await schedules.ListAsync(ct))
        {
            if ((status != ScheduleStatus.Running && schedule.ResumeAt is null) || !schedule.TryParseTrigger(out var trigger, out _))
                continue;
            var lane = schedule.Lane ?? await catalog.FindLaneAsync(schedule.Job, ct);
            TimeSpan? mean = means.TryGetValue(schedule.Job, out var known) ? known : null;
            simulated.Add(
                new SimulatedSchedule(schedule.Id, schedule.RestOf(trigger, now), lane, mean, schedule.CronOnTheClock, schedule.Zone));
        }

        return SimulateFirings.Execute(simulated, range, ct: ct);
    }
}
