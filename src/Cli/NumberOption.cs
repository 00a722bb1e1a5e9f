using System.CommandLine;
using System.Globalization;

namespace Fleet.Cli;

/// <summary>Options that take a whole number of a range.</summary>
public static class NumberOption
{
    /// <summary>Makes one. What is no number of the range is refused in words.</summary>
    public static Option<int?> Make(string name, int least, int most, string description, string helpName) => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least
                && number <= most)
                return number;
            result.AddError($"{name}: '{text}' is not allowed; allowed is {least}–{most}.");
            return null;
        },
    };
}
