using Fleet.Core.Schedules;
using Fleet.Core.Schedules.Triggers;

namespace Fleet.Scheduler;

/// <summary>Schedules of the configuration: <c>Fleet:Schedules:&lt;id&gt;</c> with <c>Job</c>, <c>Args</c> (JSON text),
/// one of <c>Cron</c>, <c>Every</c>, <c>At</c>, and <c>Zone</c>, <c>Lane</c>, <c>MaxAttempts</c>, <c>Misfire</c>.</summary>
public sealed class ConfiguredSchedules(IConfiguration configuration)
{
    public const string Section = "Fleet:Schedules";

    private static readonly string[] Known = ["Job", "Args", "Cron", "Every", "At", "Zone", "Lane", "MaxAttempts", "Misfire"];

    /// <exception cref="InvalidOperationException">A setting is missing, unknown or malformed; names it.</exception>
    public IEnumerable<ScheduleRequest> Read() => configuration.GetSection(Section).GetChildren().Select(ReadOne);

    private static ScheduleRequest ReadOne(IConfigurationSection section)
    {
        foreach (var setting in section.GetChildren())
        {
            if (!Known.Contains(setting.Key, StringComparer.OrdinalIgnoreCase))
                throw new InvalidOperationException($"{setting.Path} is not a known setting; allowed are {string.Join(", ", Known)}.");
        }

        try
        {
            return new ScheduleRequest
            {
                Id = section.Key,
                Job = section["Job"] ?? throw new InvalidOperationException($"{section.Path}:Job is missing; it names the job to run."),
                Args = section["Args"] ?? "{}",
                Lane = section["Lane"],
                MaxAttempts = section.GetValue<int?>("MaxAttempts"),
                Misfire = section.GetValue("Misfire", MisfirePolicy.RunLatest),
                Trigger = new TriggerSpec
                {
                    Cron = section["Cron"],
                    Every = section["Every"],
                    At = section.GetValue<DateTimeOffset?>("At"),
                    Zone = section["Zone"],
                },
            };
        }
        catch (InvalidOperationException e) when (e.InnerException is FormatException or ArgumentException)
        {
            throw new InvalidOperationException($"{section.Path}: {e.Message}", e);
        }
    }
}
