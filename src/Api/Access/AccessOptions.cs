using Fleet.Core.Rules;
using Microsoft.Extensions.Configuration;

namespace Fleet.Api.Access;

/// <summary>Whether callers must say who they are.</summary>
/// <param name="IsOn">False: anyone may do anything. Then the program may listen on loopback addresses only.</param>
public sealed record AccessOptions(bool IsOn)
{
    /// <summary>The setting: <c>on</c> or <c>off</c>. Default: on.</summary>
    public const string Setting = "Fleet:Api:Access";

    /// <summary>Reads the setting.</summary>
    /// <exception cref="InvalidOperationException">It is neither <c>on</c> nor <c>off</c>.</exception>
    public static AccessOptions Read(IConfiguration configuration) => configuration[Setting] switch
    {
        null or "" => new(true),
        var on when on.Equals("on", StringComparison.OrdinalIgnoreCase) => new(true),
        var off when off.Equals("off", StringComparison.OrdinalIgnoreCase) => new(false),
        var other => throw new InvalidOperationException($"{Setting}: '{RunRules.Show(other)}' is not allowed; allowed are on, off."),
    };
}
