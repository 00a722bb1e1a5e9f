using Microsoft.Extensions.Options;

namespace Fleet.Client;

/// <summary>Checks the values of the options, from the configuration and from code.</summary>
internal sealed class CheckFleetClientOptions : IValidateOptions<FleetClientOptions>
{
    /// <exception cref="OptionsValidationException">Something is not allowed.</exception>
    public ValidateOptionsResult Validate(string? name, FleetClientOptions options)
    {
        string[] problems = [.. options.Check()];
        return problems.Length == 0 ? ValidateOptionsResult.Success : throw new FleetClientOptionsException(problems);
    }
}

/// <summary>Options that are not allowed. A host logs its text, and the runtime prints it: a stack would lead into Fleet, while what is to
/// be mended is in the message.</summary>
internal sealed class FleetClientOptionsException(IEnumerable<string> problems)
    : OptionsValidationException(Options.DefaultName, typeof(FleetClientOptions), problems)
{
    public override string ToString() => $"Fleet.Client cannot be used: {string.Join(Environment.NewLine, Failures)}";
}
