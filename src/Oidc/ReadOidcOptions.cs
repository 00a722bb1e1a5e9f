using Fleet.Api.Access;
using Fleet.Core.Access;
using Fleet.Core.Rules;
using Fleet.Core.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Fleet.Oidc;

/// <summary>Reads the settings of the provider strictly, and tells all that is wrong with them at once.</summary>
internal sealed class ReadOidcOptions
{
    private const string AllowedAuthority =
        "the issuer URL of the provider: https, without query and fragment; http only for a provider on this machine";

    private static readonly string[] Known =
        ["Authority", "Audience", "ClientId", "ClientSecret", "Scopes", "Name", "SessionLife", "Roles"];

    private static readonly string[] KnownOfRule = ["Claim", "Value", "Role", "Lanes"];

    private static readonly TimeSpan MinSessionLife = TimeSpan.FromMinutes(5);

    private readonly IConfigurationSection _section;
    private readonly List<string> _errors = [];

    private ReadOidcOptions(IConfigurationSection section) => _section = section;

    /// <summary>Reads them.</summary>
    /// <returns>Null when none is set.</returns>
    /// <exception cref="OptionsValidationException">Something is missing or not allowed.</exception>
    public static OidcOptions? Execute(IConfiguration configuration)
    {
        var section = configuration.GetSection(AccessOptions.OidcSection);
        // A composition passes settings on that are empty when nobody has set them.
        return section.AsEnumerable().All(s => string.IsNullOrEmpty(s.Value)) ? null : new ReadOidcOptions(section).Read();
    }

    private OidcOptions Read()
    {
        CheckNames(_section, Known);
        var options = new OidcOptions(ReadAuthority(), Text(_section, "Audience", isRequired: true) ?? "", ReadRules())
        {
            ClientId = Text(_section, "ClientId"),
            ClientSecret = Text(_section, "ClientSecret"),
            Scopes = ReadScopes(),
            Name = Text(_section, "Name") ?? OidcOptions.DefaultName,
            SessionLife = ReadSessionLife(),
        };
        if (options is { ClientSecret: not null, ClientId: null })
            _errors.Add($"{_section.Path}:ClientSecret: it is set without {_section.Path}:ClientId.");
        return _errors.Count == 0 ? options : throw new OptionsValidationException(_section.Path, typeof(OidcOptions), _errors);
    }

    private Uri ReadAuthority()
    {
        var given = Text(_section, "Authority", isRequired: true);
        if (given is null)
            return new Uri("https://missing");
        if (Uri.TryCreate(given, UriKind.Absolute, out var uri)
            && uri is { UserInfo: "", Query: "", Fragment: "" }
            && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)))
            return uri;
        _errors.Add(Refuse(_section.GetSection("Authority"), AllowedAuthority));
        return new Uri("https://wrong");
    }

    private List<RoleRule> ReadRules()
    {
        var rules = new List<RoleRule>();
        foreach (var section in _section.GetSection("Roles").GetChildren())
        {
            CheckNames(section, KnownOfRule);
            var (claim, value) = (Text(section, "Claim", isRequired: true), Text(section, "Value", isRequired: true));
            var role = Roles.Find(section["Role"]);
            if (role is null)
                _errors.Add(Refuse(section.GetSection("Role"), Roles.Words));
            rules.Add(new RoleRule(claim ?? "", value ?? "", role ?? Role.Metrics, ReadLanes(section.GetSection("Lanes"), role)));
        }

        if (rules.Count == 0)
            _errors.Add($"{_section.Path}:Roles: no claim gives a role, so nobody would be let in. Set Roles:0:Claim, :Value and :Role.");
        return rules;
    }

    private string[]? ReadLanes(IConfigurationSection section, Role? role)
    {
        if (!section.Exists())
            return null;
        var lanes = section.GetChildren().Select(lane => lane.Value ?? "").ToArray();
        if (lanes.Length is 0 or > KeyRules.MaxLanes)
            _errors.Add(Refuse(section, $"a list of 1–{KeyRules.MaxLanes} lanes, such as {section.Path}:0=mail"));
        _errors.AddRange(
            from lane in section.GetChildren()
            where RunRules.CheckLane(lane.Value ?? "") is not null
            select Refuse(lane, RunRules.CheckLane(lane.Value ?? "")!.Allowed!));
        if (role == Role.Admin)
            _errors.Add($"{section.Path}: an admin makes keys, so cannot be bound to lanes.");
        return lanes;
    }

    private string[] ReadScopes()
    {
        var given = (Text(_section, "Scopes") ?? OidcOptions.DefaultScopes).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        // Without it, the provider signs nobody in.
        return given.Contains("openid", StringComparer.Ordinal) ? given : ["openid", .. given];
    }

    private TimeSpan ReadSessionLife()
    {
        if (Text(_section, "SessionLife") is not { } given)
            return OidcOptions.DefaultSessionLife;
        if (Durations.TryParse(given, out var life) && life >= MinSessionLife && life <= SignIn.MaxLife)
            return life;
        _errors.Add(Refuse(_section.GetSection("SessionLife"), "a duration from 5m to 7d, such as 12h"));
        return OidcOptions.DefaultSessionLife;
    }

    private string? Text(IConfigurationSection section, string name, bool isRequired = false)
    {
        var setting = section.GetSection(name);
        if (string.IsNullOrEmpty(setting.Value))
        {
            if (isRequired)
                _errors.Add($"{setting.Path}: it is missing.");
            return null;
        }

        if (setting.Value.Trim() == setting.Value)
            return setting.Value;
        // Values are compared exactly: nobody means a space at the end. What is secret is not shown.
        _errors.Add($"{setting.Path}: it must not begin or end with a space.");
        return null;
    }

    private void CheckNames(IConfigurationSection section, string[] known) => _errors.AddRange(
        from setting in section.GetChildren()
        where !known.Contains(setting.Key, StringComparer.OrdinalIgnoreCase)
        select Settings.Unknown(setting, known));

    private static string Refuse(IConfigurationSection setting, string allowed) =>
        $"{setting.Path}: '{RunRules.Show(setting.Value ?? "")}' is not allowed; allowed is {allowed}.";
}
