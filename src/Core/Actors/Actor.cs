using System.Diagnostics.CodeAnalysis;
using Fleet.Core.Text;

namespace Fleet.Core.Actors;

/// <summary>Who changes something: every verb that a person or a program can ask for takes one, and the row that says what was changed
/// stores it.</summary>
/// <remarks>It is one value, and one text in a row, so that a later feature (API keys, sessions, an audit) decides where the actor comes
/// from without a change of the verbs (docs/adr/0021).</remarks>
public sealed record Actor
{
    /// <summary>Maximum length of <see cref="Name"/>, in characters.</summary>
    public const int MaxName = 128;

    /// <summary>Maximum length of <see cref="Address"/>, in characters.</summary>
    public const int MaxAddress = 64;

    private const string NoAddress = "-";

    private static readonly string[] Words = [.. Enum.GetNames<ActorKind>().Select(name => name.ToLowerInvariant())];

    private Actor(ActorKind kind, string name, string? address) => (Kind, Name, Address) = (kind, name, address);

    public ActorKind Kind { get; }

    /// <summary>1–128 printable characters: the user, the program with its version and process, or the rule.</summary>
    public string Name { get; }

    /// <summary>The IP address from which the request came; null inside a process.</summary>
    public string? Address { get; }

    /// <summary>How the actor came in; null inside a process, and for an actor that was read from a row.</summary>
    public Via? Via { get; init; }

    /// <summary>Creates an actor.</summary>
    /// <exception cref="ArgumentException">The name or the address is empty, too long or not printable.</exception>
    public static Actor Create(ActorKind kind, string name, string? address = null) =>
        TryCreate(kind, name, address, out var actor)
            ? actor
            : throw new ArgumentException($"'{ControlCharacters.Escape(name)}' at '{ControlCharacters.Escape(address ?? "")}' is no actor.",
                nameof(name));

    /// <inheritdoc cref="Create"/>
    /// <returns>False when the name or the address is empty, too long or not printable.</returns>
    public static bool TryCreate(ActorKind kind, string name, string? address, [NotNullWhen(true)] out Actor? actor)
    {
        var isAllowed = IsPrintable(name, MaxName)
            && (address is null || (IsPrintable(address, MaxAddress) && address != NoAddress
                && !address.Contains(' ', StringComparison.Ordinal)));
        actor = isAllowed ? new Actor(kind, name, address) : null;
        return isAllowed;
    }

    /// <summary>The text for a row: kind, address and name, as in <c>person 10.0.0.7 alex</c>. Without an address: <c>program - Shop
    /// 2.1.0 on web-3/1234</c>. The name comes last because it may have spaces.</summary>
    public string ToRow() => $"{Words[(int)Kind]} {Address ?? NoAddress} {Name}";

    /// <summary>Reads the text of a row strictly.</summary>
    /// <returns>False when <see cref="ToRow"/> never writes this text.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out Actor? actor)
    {
        actor = null;
        return text.Split(' ', 3) is [var word, var address, var name]
            && Array.IndexOf(Words, word) is >= 0 and var kind
            && TryCreate((ActorKind)kind, name, address == NoAddress ? null : address, out actor);
    }

    /// <summary>Reads the text of a row, whatever it is: a newer program may store kinds that this one does not know, and a row that
    /// somebody changed by hand must stay readable.</summary>
    public static Actor FromRow(string text)
    {
        if (TryParse(text, out var actor))
            return actor;
        if (text.Split(' ', 3) is [{ Length: > 0 }, var address, var name]
            && TryCreate(ActorKind.Program, name, address == NoAddress ? null : address, out actor))
        {
            return actor;
        }

        var shown = StoredText.Cut(ControlCharacters.Escape(text), MaxName);
        return new Actor(ActorKind.Program, string.IsNullOrWhiteSpace(shown) ? "unknown" : shown, null);
    }

    /// <summary>The text for people and logs, in one line: <c>alex (person, 10.0.0.7)</c>.</summary>
    public override string ToString() => Address is null ? $"{Name} ({Words[(int)Kind]})" : $"{Name} ({Words[(int)Kind]}, {Address})";

    // No control characters, because the text goes into logs and terminals; nothing that a database refuses.
    private static bool IsPrintable(string text, int length) =>
        text.Length <= length && !string.IsNullOrWhiteSpace(text) && !ControlCharacters.AreIn(text)
        && StoredText.Cut(text, length) == text;
}
