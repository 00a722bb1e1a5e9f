using Fleet.Core.Rules;
using Microsoft.Extensions.Configuration;

namespace Fleet.Api.Access;

/// <summary>Whether callers must say who they are.</summary>
/// <param name="IsOn">False: anyone may do anything. Then the program may listen on loopback addresses only.</param>
public sealed record AccessOptions(bool IsOn)
{
    /// <summary>The setting: <c>on</c> or <c>off</c>. Default: on.</summary>
    public const string Setting = "Fleet:Api:Access";

    /// <summary>The settings of the OIDC provider. Programs that have one read them.</summary>
    public const string OidcSection = Setting + ":Oidc";

    /// <summary>Reads the setting.</summary>
    /// <exception cref="InvalidOperationException">It is neither <c>on</c> nor <c>off</c>, or a setting below it is not known.</exception>
    public static AccessOptions Read(IConfiguration configuration)
    {
        var unknown = configuration.GetSection(Setting).GetChildren()
            .FirstOrDefault(s => !s.Path.Equals(OidcSection, StringComparison.OrdinalIgnoreCase));
        return unknown is null
            ? new(IsSetOn(configuration))
            : throw new InvalidOperationException(Settings.Unknown(unknown, ["Oidc"]));
    }

    private static bool IsSetOn(IConfiguration configuration) => configuration[Setting] switch
    {
        null or "" => true,
        var on when on.Equals("on", StringComparison.OrdinalIgnoreCase) => true,
        var off when off.Equals("off", StringComparison.OrdinalIgnoreCase) => false,
        var other => throw new InvalidOperationException($"{Setting}: '{RunRules.Show(other)}' is not allowed; allowed are on, off."),
    };
}
