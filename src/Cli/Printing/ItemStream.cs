using System.Text.Json;
using Fleet.Client;

namespace Fleet.Cli.Printing;

/// <summary>Prints things one by one, as they come. Formats that must be one document are printed at the end.</summary>
public sealed class ItemStream(Output output)
{
    private readonly List<JsonElement> _items = [];

    private bool IsDocument => output.Format is OutputFormat.Json or OutputFormat.Yaml;

    /// <summary>Prints one thing, or keeps it for the document.</summary>
    /// <param name="json">The thing.</param>
    /// <param name="id">Its id, for <c>-o name</c>.</param>
    /// <param name="line">What people read.</param>
    public void Add(JsonElement json, string id, Func<string> line)
    {
        if (IsDocument)
            _items.Add(json);
        else
            output.Answer(json, id, () => output.Line(line()));
    }

    /// <summary>Prints the document, an array, if the format is one.</summary>
    public void Finish()
    {
        if (IsDocument)
            output.Answer(JsonSerializer.SerializeToElement(_items, ApiJson.Default.IEnumerableJsonElement), "", "");
    }
}
