namespace Fleet.Client;

/// <summary>What a cancel did.</summary>
public sealed record CanceledView
{
    /// <summary><c>canceled</c>, or <c>requested</c> while the worker still has to stop.</summary>
    public string Result { get; init; } = "";
}
