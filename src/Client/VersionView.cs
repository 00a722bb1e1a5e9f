namespace Fleet.Client;

/// <summary>What a server is.</summary>
public sealed record VersionView
{
    /// <summary>The version of Fleet in it, such as <c>1.4.0</c>.</summary>
    public string Version { get; init; } = "";

    /// <summary>The commit that it was built from; null when it is not known.</summary>
    public string? Commit { get; init; }

    /// <summary>The version of the API: what follows <c>/api/</c> in its paths.</summary>
    public string Api { get; init; } = "";

    /// <summary>The version of .NET that it runs on.</summary>
    public string Runtime { get; init; } = "";

    /// <summary>The time by its clock.</summary>
    public DateTimeOffset Now { get; init; }
}
