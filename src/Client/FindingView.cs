namespace Fleet.Client;

/// <summary>Something that is wrong, in a sentence.</summary>
public sealed record FindingView
{
    /// <summary><c>error</c>: work does not get done. <c>warning</c>: it may not, or soon not.</summary>
    public string Severity { get; init; } = "";

    /// <summary>A stable code for programs.</summary>
    public string Code { get; init; } = "";

    /// <summary>What is wrong: <c>Lane mail: 812 runs are ready, and no worker serves it since 12:04 UTC.</c></summary>
    public string Sentence { get; init; } = "";

    /// <summary>Since when; null when it is not known.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The thing, by its path in the API below <c>/api/v1</c>; null when it has none.</summary>
    public string? Link { get; init; }

    /// <summary>What to do about it.</summary>
    public string Advice { get; init; } = "";
}
