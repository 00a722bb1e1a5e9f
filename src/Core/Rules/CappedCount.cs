namespace Fleet.Core.Rules;

/// <summary>A number that is counted up to a limit.</summary>
/// <param name="Value">The number, or the limit.</param>
/// <param name="IsAtLeast">True when there may be more.</param>
public readonly record struct CappedCount(int Value, bool IsAtLeast = false)
{
    /// <summary>Nothing above this is counted.</summary>
    public const int Limit = 10_000;

    /// <summary>The count of rows of which at most one more than <see cref="Limit"/> were read.</summary>
    public static CappedCount Of(int rows) => rows > Limit ? new CappedCount(Limit, IsAtLeast: true) : new CappedCount(rows);

    /// <summary>The sum; exact if both are.</summary>
    public static CappedCount operator +(CappedCount one, CappedCount other) =>
        new(one.Value + other.Value, one.IsAtLeast || other.IsAtLeast);
}
