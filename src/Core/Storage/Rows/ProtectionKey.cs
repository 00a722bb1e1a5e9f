namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>protection_keys</c>: a key that protects a sign-in at a provider while it is under way, as ASP.NET Core's data
/// protection writes it. All processes have the same keys, so a sign-in that one began is ended by another.</summary>
public sealed class ProtectionKey
{
    /// <summary>1 for the first key, and one more for each that follows: of two processes that make a key at once, one wins.</summary>
    public int Number { get; set; }

    public string Xml { get; set; } = "";

    public DateTimeOffset CreatedAt { get; set; }
}
