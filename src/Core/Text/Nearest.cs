namespace Fleet.Core.Text;

/// <summary>Finds what somebody probably meant to write, for "did you mean …?" in errors. Shared with the client, which does without
/// Core.</summary>
public static class Nearest
{
    /// <inheritdoc cref="NearestName.To"/>
    public static string? To(string value, IEnumerable<string> candidates) => NearestName.To(value, candidates);

    /// <summary>The end of a sentence about a name that is not known: the nearest known one, else all of them.</summary>
    /// <param name="value">What was written.</param>
    /// <param name="known">What is allowed.</param>
    /// <param name="none">Said when nothing is allowed.</param>
    public static string Hint(string value, IReadOnlyCollection<string> known, string none = "none is allowed here.") =>
        To(value, known) is { } nearest ? $"did you mean '{nearest}'?"
            : known.Count == 0 ? none
            : $"allowed are {string.Join(", ", known)}.";
}
