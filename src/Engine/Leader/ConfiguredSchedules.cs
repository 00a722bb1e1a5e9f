using Fleet.Core.Rules;
using Fleet.Core.Storage.Rows;

namespace Fleet.Engine.Leader;

/// <summary>A schedule of the configuration, <c>Fleet:Schedules:&lt;id&gt;</c>: a job and one of cron, every, at.</summary>
public sealed class ScheduleSettings
{
    public string? Job { get; set; }

    /// <summary>JSON text.</summary>
    public string? Args { get; set; }

    public string? Cron { get; set; }

    public string? Every { get; set; }

    public DateTimeOffset? At { get; set; }

    public string? Zone { get; set; }

    public string? Lane { get; set; }

    public int? MaxAttempts { get; set; }

    public MisfirePolicy Misfire { get; set; }

    public string? MisfireDeadline { get; set; }

    public OverlapPolicy Overlap { get; set; }

    public DateTimeOffset? Anchor { get; set; }

    public DateTimeOffset? StartsAt { get; set; }

    public DateTimeOffset? EndsAt { get; set; }

    public int? MaxOccurrences { get; set; }

    /// <summary>Dates, ranges and days of every year, with commas between them.</summary>
    public string? Exclude { get; set; }

    public string? Jitter { get; set; }

    public Dictionary<string, string>? Labels { get; set; }
}

/// <summary>The schedules of the configuration; read strictly, before anything starts.</summary>
public sealed class ConfiguredSchedules
{
    public const string Section = "Fleet:Schedules";

    /// <summary>The <see cref="Schedule.Source"/> of schedules that were put from here.</summary>
    public const string Source = "configuration";

    /// <exception cref="InvalidOperationException">A setting is missing, unknown or malformed; names it.</exception>
    public ConfiguredSchedules(IConfiguration configuration) =>
        Requests = [.. configuration.GetSection(Section).GetChildren().Select(ReadOne)];

    public IReadOnlyList<ScheduleRequest> Requests { get; }

    /// <summary>A refusal in the words of the configuration: <c>cron: …</c> of schedule x is <c>Fleet:Schedules:x:Cron: …</c>.</summary>
    public static InvalidOperationException Refuse(string id, InputError error)
    {
        var field = error.Field.Length == 0 || error.Field == "id" ? "" : $":{char.ToUpperInvariant(error.Field[0])}{error.Field[1..]}";
        var rest = error.Message.StartsWith(error.Field + ":", StringComparison.Ordinal)
            ? error.Message[(error.Field.Length + 1)..]
            : " " + error.Message;
        return new InvalidOperationException($"{Section}:{id}{field}:{rest}");
    }

    private static ScheduleRequest ReadOne(IConfigurationSection section)
    {
        var problems = Settings.Check(section, typeof(ScheduleSettings)).ToList();
        if (problems.Count > 0)
            throw new InvalidOperationException(string.Join(Environment.NewLine, problems));
        var settings = section.Get<ScheduleSettings>() ?? new ScheduleSettings();
        return new ScheduleRequest
        {
            Id = section.Key,
            Job = settings.Job is { Length: > 0 } job
                ? job
                : throw new InvalidOperationException($"{section.Path}:Job is missing; it names the job to run."),
            Args = settings.Args ?? "{}",
            Lane = settings.Lane,
            MaxAttempts = settings.MaxAttempts,
            Misfire = settings.Misfire,
            MisfireDeadline = settings.MisfireDeadline,
            Overlap = settings.Overlap,
            MaxOccurrences = settings.MaxOccurrences,
            Labels = settings.Labels,
            Trigger = new TriggerSpec
            {
                Cron = settings.Cron,
                Every = settings.Every,
                Anchor = settings.Anchor,
                At = settings.At,
                Zone = settings.Zone,
                StartsAt = settings.StartsAt,
                EndsAt = settings.EndsAt,
                Exclude = settings.Exclude?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
                Jitter = settings.Jitter,
            },
        };
    }
}
