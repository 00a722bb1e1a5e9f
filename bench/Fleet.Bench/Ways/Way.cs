namespace Fleet.Bench;

/// <summary>One way to do the same work: a job or message that writes one row of its own, or one that fails once.</summary>
/// <param name="Phase">As <c>--phases</c> calls it together with others: <c>effect</c> or <c>fails-once</c>.</param>
/// <param name="Name">As <c>--phases</c>, the drivers and the figures call it.</param>
/// <param name="Count">How many jobs the full form has, so that it takes about ten seconds.</param>
/// <param name="Workers">How many worker processes share them; measured with each of these numbers.</param>
internal sealed record Way(string Phase, string Name, int Count, params int[] Workers)
{
    /// <summary>The ways that write a row.</summary>
    public const string Effect = "effect";

    /// <summary>The ways whose jobs fail once, and the same jobs without.</summary>
    public const string FailsOnce = "fails-once";

    /// <summary>The command of its workers; null for the contender's own.</summary>
    public string[]? Worker { get; init; }

    /// <summary>Whether each job has to leave exactly one row.</summary>
    public bool HasRows { get; init; } = true;

    /// <summary>How often a handler starts for each job.</summary>
    public int Starts { get; init; } = 1;

    /// <summary>The name of a figure of it.</summary>
    public string Figure(int workers, string? what = null) => $"way.{Name}.{workers}" + (what is null ? "" : $".{what}");
}
