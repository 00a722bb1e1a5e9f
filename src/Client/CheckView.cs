namespace Fleet.Client;

/// <summary>One check of a set-up.</summary>
public sealed record CheckView
{
    /// <summary>What was checked: a stable word for programs, such as <c>schema</c>.</summary>
    public string Name { get; init; } = "";

    /// <summary><c>ok</c>; <c>warning</c>: it works, but not as it should; <c>failed</c>; <c>skipped</c>: it could not be checked, or there
    /// is nothing to check.</summary>
    public string Status { get; init; } = "";

    /// <summary>How long it took, in milliseconds.</summary>
    public double Milliseconds { get; init; }

    /// <summary>What was found, in a sentence.</summary>
    public string Said { get; init; } = "";

    /// <summary>What to do about it; null when there is nothing to do.</summary>
    public string? Advice { get; init; }
}
