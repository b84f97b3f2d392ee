using System.Xml;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace RouteGuide.Dashboard.Security;

/// <summary>
/// Keeps the keys of the login cookies in a folder that only its owner can read, so that logins outlive the process. Where the folder
/// cannot be written (a full disk, another owner) they are kept in memory, and the next start asks for the token again.
/// </summary>
/// <param name="folder">The folder; it is made when it is needed.</param>
/// <param name="logger">Told what could not be kept.</param>
internal sealed class KeyRepository(string folder, ILogger logger) : IXmlRepository
{
    private readonly Lock _lock = new();
    private readonly List<XElement> _unsaved = [];

    public IReadOnlyCollection<XElement> GetAllElements()
    {
        lock (_lock)
        {
            var elements = new List<XElement>(_unsaved);
            try
            {
                if (!Directory.Exists(folder)) return elements;
                foreach (var file in Directory.EnumerateFiles(folder, "*.xml"))
                {
                    if (Read(file) is { } element) elements.Add(element);
                }
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                logger.LogWarning("The keys of the login cookies in '{Folder}' cannot be read: {Reason} Who was logged in has to log in again.", folder, fault.Message);
            }

            return elements;
        }
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        lock (_lock)
        {
            try
            {
                if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
                else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                Write(element);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                logger.LogWarning("The key of the login cookies cannot be kept in '{Folder}': {Reason} Logins will not outlive this process.", folder, fault.Message);
                _unsaved.Add(element);
            }
        }
    }

    private XElement? Read(string file)
    {
        try
        {
            return XElement.Load(file);
        }
        catch (XmlException fault)
        {
            logger.LogWarning("'{File}' is no key and is left alone: {Reason}", file, fault.Message);
            return null;
        }
    }

    // Under another name first: a process that is killed, or a disk that is full, leaves no half of a key.
    private void Write(XElement element)
    {
        var path = Path.Combine(folder, $"key-{Guid.NewGuid():n}.xml");
        var temporary = path + ".tmp";
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using (var stream = new FileStream(temporary, options))
            {
                element.Save(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
