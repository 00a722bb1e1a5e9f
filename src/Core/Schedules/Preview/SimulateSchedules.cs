using Fleet.Core.Jobs;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Schedules.Triggers;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Schedules.Preview;

/// <summary>Simulates the running schedules, assuming that nobody changes them. Changes nothing.</summary>
public sealed class SimulateSchedules(GetSchedules schedules, MeanDurations durations, JobCatalog catalog, TimeProvider time)
{
    /// <param name="range">The range of fire times.</param>
    /// <param name="ct">Cancels it.</param>
    /// <returns>The simulation. Schedules whose row cannot be parsed are left out; the planner stops those.</returns>
    public async Task<Simulation> ExecuteAsync(PreviewRange range, CancellationToken ct) =>
        SimulateFirings.Execute(await ReadAsync(edited: null, ct), range, ct: ct);

    /// <summary>The schedules that fire, as a simulation takes them.</summary>
    /// <param name="edited">A schedule that takes the place of the stored one with its id, as if it were running. Null: none.</param>
    /// <param name="ct">Cancels it.</param>
    /// <exception cref="InvalidRunException">The trigger of <paramref name="edited"/> cannot be parsed.</exception>
    internal async Task<IReadOnlyList<SimulatedSchedule>> ReadAsync(Schedule? edited, CancellationToken ct)
    {
        var means = await durations.ReadAsync(ct);
        var simulated = new List<SimulatedSchedule>();
        foreach (var (schedule, status, _, _, _, _) in await schedules.ListAsync(ct))
        {
            if (schedule.Id != edited?.Id && (status == ScheduleStatus.Running || schedule.ResumeAt is not null)
                && schedule.TryParseTrigger(out var trigger, out _))
            {
                await AddAsync(schedule, trigger);
            }
        }

        if (edited is not null)
            await AddAsync(edited, edited.ParseTrigger());
        return simulated;

        async Task AddAsync(Schedule schedule, Trigger trigger)
        {
            var lane = schedule.Lane ?? await catalog.FindLaneAsync(schedule.Job, ct);
            TimeSpan? mean = means.TryGetValue(schedule.Job, out var known) ? known : null;
            simulated.Add(
                new SimulatedSchedule(
                    schedule.Id, schedule.RestOf(trigger, time.GetUtcNow()), lane, mean, schedule.CronOnTheClock, schedule.Zone));
        }
    }
}
