using System.Text.Json;

namespace Fleet.Core.Rules;

/// <summary>Finds what an error talks about in the JSON that was refused.</summary>
public static class JsonPath
{
    /// <summary>What stands at a path such as <c>runs[3].delay</c> or <c>#/day</c>, as it was written and fit for an error message; where
    /// the path leads nowhere, the last element on the way.</summary>
    public static string Show(JsonElement root, string path)
    {
        var element = root;
        foreach (var step in path.Split(['#', '/', '.', '[', ']'], StringSplitOptions.RemoveEmptyEntries))
        {
            var next = element.ValueKind switch
            {
                JsonValueKind.Object => Member(element, step),
                JsonValueKind.Array when int.TryParse(step, out var index) => element.EnumerateArray().ElementAtOrDefault(index),
                _ => default,
            };
            if (next.ValueKind == JsonValueKind.Undefined)
                break;
            element = next;
        }

        return RunRules.Show(element.GetRawText());
    }

    /// <summary>The names of a request's own fields are equal whatever their case, those inside args are not: the exact one
    /// first.</summary>
    private static JsonElement Member(JsonElement parent, string name) => parent.TryGetProperty(name, out var exact)
        ? exact
        : parent.EnumerateObject().FirstOrDefault(m => m.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
}
