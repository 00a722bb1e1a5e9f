using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Cli.Printing;

/// <summary>JSON that a command has put together itself, as it is printed.</summary>
internal static class JsonNodes
{
    /// <summary>The same JSON as an element.</summary>
    public static JsonElement ToElement(this JsonNode node) => JsonElement.Parse(node.ToJsonString());
}
