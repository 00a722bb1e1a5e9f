namespace Fleet.Client;

/// <summary>Who changed something.</summary>
public sealed record ActorView
{
    /// <summary><c>person</c>, <c>program</c>, <c>scheduler</c>, <c>worker</c> or <c>policy</c>.</summary>
    public string Kind { get; init; } = "";

    /// <summary>The user, the program with its version and process, or the rule. The name of a person is recorded as the caller gave it,
    /// not verified.</summary>
    public string Name { get; init; } = "";

    /// <summary>The IP address from which the request came; null for a change that came from inside a process.</summary>
    public string? Address { get; init; }

    /// <summary>The text for people: <c>alex (person, 10.0.0.7)</c>.</summary>
    public override string ToString() => Address is null ? $"{Name} ({Kind})" : $"{Name} ({Kind}, {Address})";
}
