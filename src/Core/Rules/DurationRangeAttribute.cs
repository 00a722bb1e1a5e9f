using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Fleet.Core.Rules;

/// <summary>The range of a duration among the options of a section.</summary>
/// <param name="section">The section of the configuration, for the message.</param>
/// <param name="least">The shortest, such as <c>00:00:01</c>.</param>
/// <param name="most">The longest.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DurationRangeAttribute(string section, string least, string most) : ValidationAttribute
{
    /// <summary>The shortest.</summary>
    public TimeSpan Least { get; } = TimeSpan.Parse(least, CultureInfo.InvariantCulture);

    /// <summary>The longest.</summary>
    public TimeSpan Most { get; } = TimeSpan.Parse(most, CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) =>
        value is TimeSpan duration && (duration < Least || duration > Most)
            ? new ValidationResult(
                $"{section}:{validationContext.MemberName}: '{duration}' is not allowed; allowed is {Least} to {Most}.")
            : ValidationResult.Success;
}
