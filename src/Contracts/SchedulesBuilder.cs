using Microsoft.Extensions.DependencyInjection;

namespace Fleet;

/// <summary>Registration of schedules.</summary>
public static class ScheduleServices
{
    /// <summary>Adds schedules: <c>services.AddFleetSchedules(s => s.Cron("nightly", "0 3 * * *", new DailyReport(...)))</c>.</summary>
    public static IServiceCollection AddFleetSchedules(this IServiceCollection services, Action<SchedulesBuilder> configure)
    {
        configure(new SchedulesBuilder(services));
        return services;
    }
}

/// <summary>Schedules defined in a program's code. They are stored when a scheduler starts.</summary>
/// <param name="services">The services of the process.</param>
public sealed class SchedulesBuilder(IServiceCollection services)
{
    /// <summary>Fires by a cron expression of 5, 6 (seconds first) or 7 fields (a year last).</summary>
    /// <param name="id">The schedule's name.</param>
    /// <param name="cron">The expression or a macro such as <c>@hourly</c>.</param>
    /// <param name="args">Typed args; their type names the job.</param>
    /// <param name="zone">IANA time zone. Null: UTC.</param>
    /// <param name="misfire">What happens to missed fire times.</param>
    /// <param name="with">Sets the other fields: <c>s => s with { Overlap = OverlapPolicy.Skip }</c>.</param>
    public SchedulesBuilder Cron<TArgs>(
        string id, string cron, TArgs args, string? zone = null, MisfirePolicy misfire = MisfirePolicy.RunLatest,
        Func<ScheduleRequest, ScheduleRequest>? with = null)
        where TArgs : notnull => Add(id, new TriggerSpec { Cron = cron, Zone = zone }, args, misfire, with);

    /// <summary>Fires at whole multiples of a period, counted from 1970.</summary>
    /// <param name="id">The schedule's name.</param>
    /// <param name="every">The period, such as <c>15s</c>, <c>5m</c> or <c>PT1H</c>; at least one second.</param>
    /// <param name="args">Typed args; their type names the job.</param>
    /// <param name="misfire">What happens to missed fire times.</param>
    /// <param name="with">Sets the other fields: <c>s => s with { Overlap = OverlapPolicy.Skip }</c>.</param>
    public SchedulesBuilder Every<TArgs>(
        string id, string every, TArgs args, MisfirePolicy misfire = MisfirePolicy.RunLatest,
        Func<ScheduleRequest, ScheduleRequest>? with = null)
        where TArgs : notnull => Add(id, new TriggerSpec { Every = every }, args, misfire, with);

    /// <summary>Fires once.</summary>
    /// <param name="id">The schedule's name.</param>
    /// <param name="at">The fire time.</param>
    /// <param name="args">Typed args; their type names the job.</param>
    /// <param name="with">Sets the other fields: <c>s => s with { Overlap = OverlapPolicy.Skip }</c>.</param>
    public SchedulesBuilder Once<TArgs>(string id, DateTimeOffset at, TArgs args, Func<ScheduleRequest, ScheduleRequest>? with = null)
        where TArgs : notnull =>
        Add(id, new TriggerSpec { At = at }, args, MisfirePolicy.RunLatest, with);

    private SchedulesBuilder Add<TArgs>(
        string id, TriggerSpec trigger, TArgs args, MisfirePolicy misfire,
        Func<ScheduleRequest, ScheduleRequest>? with) where TArgs : notnull
    {
        var request = ScheduleRequest.For(id, args, trigger) with { Misfire = misfire };
        services.AddSingleton(with?.Invoke(request) ?? request);
        return this;
    }
}
