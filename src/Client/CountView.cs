using System.Globalization;

namespace Fleet.Client;

/// <summary>A number that is counted up to a limit.</summary>
public sealed record CountView
{
    /// <summary>The number, up to the limit of the endpoint.</summary>
    public int Value { get; init; }

    /// <summary><c>eq</c>: so many; <c>gte</c>: at least so many.</summary>
    public string Relation { get; init; } = "eq";

    /// <summary><c>812</c>, or <c>10,000+</c>.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Value:N0}{(Relation == "gte" ? "+" : "")}");
}
