namespace Fleet.Client;

/// <summary>The fire times of a schedule after an instant, by its trigger, whatever its status.</summary>
public sealed record NextFireTimesView
{
    /// <summary>The id of the schedule.</summary>
    public string Id { get; init; } = "";

    /// <summary>It fires only while it is <c>running</c>.</summary>
    public string Status { get; init; } = "";

    /// <summary>IANA id of its time zone; null is UTC.</summary>
    public string? Zone { get; init; }

    /// <summary>When it fires, in words: <c>at 03:00 every day, Europe/Berlin</c>.</summary>
    public string Words { get; init; } = "";

    /// <summary>In order; fewer than were asked for when it does not fire again.</summary>
    public IReadOnlyList<FireTimeView> Items { get; init; } = [];

    /// <summary>Parts of its trigger that its author may not have meant.</summary>
    public IReadOnlyList<WarningView> Warnings { get; init; } = [];
}

/// <summary>A fire time.</summary>
public record FireTimeView
{
    /// <summary>In UTC.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>The same instant in the zone of the definition that has it.</summary>
    public DateTimeOffset Local { get; init; }

    /// <summary>What a change of the clock does to it; null when none does.</summary>
    public ClockEffectView? ClockEffect { get; init; }
}

/// <summary>What a put of a schedule would do to its fire times.</summary>
public sealed record ScheduleDiffView
{
    /// <summary>The id of the schedule.</summary>
    public string Id { get; init; } = "";

    /// <summary>It fires only while it is <c>running</c>.</summary>
    public string Status { get; init; } = "";

    /// <summary>Fire times after this instant.</summary>
    public DateTimeOffset From { get; init; }

    /// <summary>Up to and including this one.</summary>
    public DateTimeOffset Until { get; init; }

    /// <summary>Number of fire times that the put would add.</summary>
    public int Added { get; init; }

    /// <summary>Number of fire times that it would remove.</summary>
    public int Removed { get; init; }

    /// <summary>Number of fire times that stay.</summary>
    public int Kept { get; init; }

    /// <summary>The first of those that are added or removed, in order.</summary>
    public IReadOnlyList<ChangedFireTimeView> Changes { get; init; } = [];

    /// <summary>True when <see cref="Changes"/> does not list all of them.</summary>
    public bool Truncated { get; init; }

    /// <summary>The first fire time that was not counted, because there are too many. Null: all were counted.</summary>
    public DateTimeOffset? TruncatedAt { get; init; }

    /// <summary>When the edited trigger fires, in words.</summary>
    public string Words { get; init; } = "";

    /// <summary>The minutes in which the edited schedule fires together with others of its lane.</summary>
    public CollisionsView Collisions { get; init; } = new();

    /// <summary>Parts of the edited trigger that its author may not have meant.</summary>
    public IReadOnlyList<WarningView> Warnings { get; init; } = [];
}

/// <summary>The fire times of a trigger that is not stored, with what it means in words.</summary>
public sealed record TriggerView
{
    /// <summary>When it fires, in words: <c>at 03:00 every day, Europe/Berlin</c>.</summary>
    public string Words { get; init; } = "";

    /// <summary>IANA id of its time zone; null is UTC.</summary>
    public string? Zone { get; init; }

    /// <summary>The next fire times, in order; fewer than were asked for when it does not fire again.</summary>
    public IReadOnlyList<FireTimeView> Items { get; init; } = [];

    /// <summary>Parts of the trigger that its author may not have meant.</summary>
    public IReadOnlyList<WarningView> Warnings { get; init; } = [];
}

/// <summary>A fire time that an edit adds or removes.</summary>
public sealed record ChangedFireTimeView : FireTimeView
{
    /// <summary><c>added</c> or <c>removed</c>.</summary>
    public string Change { get; init; } = "";
}

/// <summary>The effect of a clock change on fire times.</summary>
public sealed record ClockEffectView
{
    /// <summary><c>skipped</c>, <c>once</c> or <c>twice</c>.</summary>
    public string Kind { get; init; } = "";

    /// <summary>When the clock is changed, in the offset that holds from then on.</summary>
    public DateTimeOffset ChangeAt { get; init; }

    /// <summary>How far the clock is moved, in minutes; negative when it is set back.</summary>
    public double Minutes { get; init; }

    /// <summary>Number of affected local times.</summary>
    public int Count { get; init; }

    /// <summary>The fire times for them, in the zone's offset; the first few.</summary>
    public IReadOnlyList<DateTimeOffset> FireTimes { get; init; } = [];

    /// <summary>The same in a sentence for people.</summary>
    public string Text { get; init; } = "";
}
