using System.Text.Json;

namespace Fleet.Core.Text;

/// <summary>JSON that a row holds.</summary>
public static class StoredJson
{
    /// <summary>Reads it; what some other program left there and is no JSON is shown as a string, so that one such row does
    /// not take the whole list with it.</summary>
    public static JsonElement Read(string json)
    {
        try
        {
            return JsonElement.Parse(json);
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(json, FleetJson.Payload);
        }
    }
}
