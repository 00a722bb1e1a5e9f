using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Fleet.Client;

namespace Fleet.Api.OpenApi;

/// <summary>The doc texts of bodies and views, as Markdown. The build embeds the file that the compiler writes for Fleet.Client.</summary>
internal static partial class ViewDocs
{
    private static readonly Lazy<Dictionary<string, string>> Texts = new(Read);

    /// <summary>The text of a type; null if it has none.</summary>
    public static string? Of(Type type) => Texts.Value.GetValueOrDefault("T:" + FullName(type));

    /// <summary>The text of a member; null if it has none.</summary>
    public static string? Of(PropertyInfo member) => Texts.Value.GetValueOrDefault($"P:{FullName(member.DeclaringType!)}.{member.Name}");

    private static string FullName(Type type) => (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName!.Replace('+', '.');

    private static Dictionary<string, string> Read()
    {
        using var file = typeof(ViewDocs).Assembly.GetManifestResourceStream(typeof(RunView).Assembly.GetName().Name + ".xml")
            ?? throw new InvalidOperationException("The doc texts of Fleet.Client are not embedded.");
        return XDocument.Load(file).Descendants("member").Where(m => m.Element("summary") is not null)
            .ToDictionary(m => m.Attribute("name")!.Value, m => Markdown(m.Element("summary")!), StringComparer.Ordinal);
    }

    private static string Markdown(XElement summary)
    {
        var text = new StringBuilder();
        foreach (var node in summary.Nodes())
        {
            text.Append(node switch
            {
                XText plain => plain.Value,
                XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
                XElement element => $"`{Word((element.Attribute("cref") ?? element.Attribute("langword"))?.Value ?? element.Value)}`",
                _ => "",
            });
        }

        return Spaces().Replace(text.ToString(), " ").Trim();
    }

    private static string Word(string reference)
    {
        var name = reference[(reference.LastIndexOf('.') + 1)..];
        return reference.StartsWith("P:", StringComparison.Ordinal) ? JsonNamingPolicy.CamelCase.ConvertName(name) : name;
    }

    [GeneratedRegex(@"\s+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Spaces();
}
