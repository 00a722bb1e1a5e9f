using System.Xml.Linq;
using Fleet.Core.Access;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Fleet.Oidc;

/// <summary>Keeps the keys of ASP.NET Core's data protection in the database. They protect the state of a sign-in while the browser is at
/// the provider, and nothing else: a session is a row, and outlives them.</summary>
internal sealed class KeyRing(ProtectionKeys keys) : IXmlRepository
{
    private int _last;

    public IReadOnlyCollection<XElement> GetAllElements()
    {
        var rows = Wait(() => keys.ListAsync(CancellationToken.None));
        _last = rows.Count == 0 ? 0 : rows[^1].Number;
        return [.. rows.Select(row => XElement.Parse(row.Xml))];
    }

    public void StoreElement(XElement element, string friendlyName) =>
        // If another process was faster, its key is read next and used.
        Wait(() => keys.AddAsync(_last + 1, element.ToString(SaveOptions.DisableFormatting), CancellationToken.None));

    /// <summary>The interface is synchronous. It is called once a day, and never with a context that a task could wait for.</summary>
    private static T Wait<T>(Func<Task<T>> task) => Task.Run(task).GetAwaiter().GetResult();
}
