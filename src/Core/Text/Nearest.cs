namespace Fleet.Core.Text;

/// <summary>Finds what somebody probably meant to write, for "did you mean …?" in errors. Shared with the client, which does without
/// Core.</summary>
public static class Nearest
{
    /// <inheritdoc cref="NearestName.To"/>
    public static string? To(string value, IEnumerable<string> candidates) => NearestName.To(value, candidates);
}
