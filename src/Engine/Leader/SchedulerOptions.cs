using Fleet.Core.Rules;
using Microsoft.Extensions.Options;

namespace Fleet.Engine.Leader;

/// <summary>The section <c>Fleet:Scheduler</c>.</summary>
public sealed class SchedulerOptions
{
    public const string Section = "Fleet:Scheduler";

    /// <summary>How far ahead occurrences are planned and put on the belt: how long a scheduler may be dead without making one
    /// late; 1 s to 10 min. Default: 30 s.</summary>
    [DurationRange(Section, "00:00:01", "00:10:00")]
    public TimeSpan LookAhead { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a leader leads without renewing; 3 s to 5 min. Default: 10 s.</summary>
    [DurationRange(Section, "00:00:03", "00:05:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often new work is looked for that nobody woke us for; 50 ms to 1 min. Default: 500 ms.</summary>
    [DurationRange(Section, "00:00:00.05", "00:01:00")]
    public TimeSpan Poll { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How often dead workers and lost nudges are looked for; 100 ms to 1 min. Default: 2 s.</summary>
    [DurationRange(Section, "00:00:00.1", "00:01:00")]
    public TimeSpan Rescue { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long succeeded runs are kept; at least 1 min. Default: 7 days.</summary>
    [DurationRange(Section, "00:01:00", "36500.00:00:00")]
    public TimeSpan KeepSucceeded { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long failed and canceled runs are kept; at least 1 min. Default: 30 days.</summary>
    [DurationRange(Section, "00:01:00", "36500.00:00:00")]
    public TimeSpan KeepFailed { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How long a consumer behind <c>UseFleetOutbox</c> remembers a message that it has handled: a delivery that comes later
    /// takes effect again; at least 1 min. Default: 7 days.</summary>
    [DurationRange(Section, "00:01:00", "36500.00:00:00")]
    public TimeSpan KeepInbox { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long figures over time are kept; at least 1 h. Default: 30 days.</summary>
    [DurationRange(Section, "01:00:00", "36500.00:00:00")]
    public TimeSpan KeepFigures { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How long figures are kept by the minute; after that, by the quarter of an hour; 15 min to 30 days. Default: 24 h.</summary>
    [DurationRange(Section, "00:15:00", "30.00:00:00")]
    public TimeSpan KeepFiguresByMinute { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long entries of the audit are kept; at least 1 day. Default: 365 days.</summary>
    [DurationRange(Section, "1.00:00:00", "36500.00:00:00")]
    public TimeSpan KeepAudit { get; set; } = TimeSpan.FromDays(365);

    /// <summary>How long operations over many runs are kept after they have ended; at least 1 day. Default: 30 days.</summary>
    [DurationRange(Section, "1.00:00:00", "36500.00:00:00")]
    public TimeSpan KeepOperations { get; set; } = TimeSpan.FromDays(30);
}

/// <summary>Checks the ranges.</summary>
[OptionsValidator]
internal sealed partial class SchedulerOptionsValidator : IValidateOptions<SchedulerOptions>;
